/**
 * A process that deletes: it asks for the deletions it is given, sweeps what has expired and works until nothing is left, and says what it is
 * about to do before each call of the database and of the storage, so that somebody can kill it there. It waits for its orders, so that its
 * start costs no time between two kills.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { systemClock } from '../../server/src/core/clock.ts';
import { createSealer, deriveKey } from '../../server/src/core/crypto.ts';
import { readEnv } from '../../server/src/core/env.ts';
import { createLog } from '../../server/src/core/log.ts';
import { createSignal } from '../../server/src/core/signal.ts';
import { createDatabase } from '../../server/src/db/database.ts';
import type { Deps } from '../../server/src/deps.ts';
import { createEgress } from '../../server/src/egress/egress.ts';
import { createPublicFetch } from '../../server/src/egress/publicFetch.ts';
import { createAppendEvent } from '../../server/src/events/append.ts';
import { createCdn } from '../../server/src/retention/cdn/cdn.ts';
import { openInstanceKeys } from '../../server/src/keyring/openInstanceKeys.ts';
import { buryVideos } from '../../server/src/retention/erasure/bury.ts';
import { journalErasures, replayJournal } from '../../server/src/retention/erasure/journal.ts';
import { workErasures } from '../../server/src/retention/erasure/work.ts';
import { createReceiptSigner } from '../../server/src/retention/receipts/signer.ts';
import { sweepExpired } from '../../server/src/retention/sweep.ts';
import type { ObjectStore } from '../../server/src/storage/objectStore.ts';
import { openStoreFromEnv } from '../../server/src/storage/storeFromEnv.ts';

const ordersSchema = z.object({ env: z.record(z.string(), z.string()), videoIds: z.array(z.uuid()) });
/** What the process is told in one line on its input: its environment, and the videos whose deletion it asks for one by one. */
export type ErasureOrders = z.infer<typeof ordersSchema>;

const say = (what: string) => writeSync(1, `${what}\n`);

/** Says every call of the storage before it is made. */
function announced(store: ObjectStore): ObjectStore {
  const overrides: Partial<ObjectStore> = {
    put: (...args) => (say('put'), store.put(...args)),
    delete: (keys) => (say('delete'), store.delete(keys)),
    abortMultipart: (...args) => (say('abort'), store.abortMultipart(...args)),
    listMultipart: (prefix) => (say('listUploads'), store.listMultipart(prefix)),
    listVersions: (prefix) => (say('probe'), store.listVersions(prefix)),
  };
  return Object.assign(Object.create(store) as ObjectStore, overrides);
}

/** Only what a deletion needs. Nudges are lost here, all of them: rows are the truth. */
async function buildDeps(orders: ErasureOrders): Promise<Deps> {
  const env = readEnv(orders.env);
  const log = createLog({ level: 'silent' });
  const clock = systemClock(0);
  const db = createDatabase({ url: env.CARMIC_DATABASE_URL, poolSize: 2, log });
  const query = db.sequelize.query.bind(db.sequelize) as (...args: unknown[]) => Promise<unknown>;
  db.sequelize.query = ((...args: unknown[]) => {
    say(`query ${String(args[0]).trim().split(/\s+/, 3).join(' ')}`);
    return query(...args);
  }) as typeof db.sequelize.query;
  const committed = createSignal();
  const egress = createEgress([], log);
  const { rootKeys, secret } = await openInstanceKeys(env, db, egress);
  const outgoing = { hosts: [], privateRanges: [] };
  return {
    env,
    log,
    clock,
    db,
    sealer: createSealer(secret),
    store: announced(await openStoreFromEnv(env, { rootKeys, secret, baseUrl: () => 'http://localhost', clock })),
    appendEvent: createAppendEvent(db, clock, committed),
    committed,
    rootKeys,
    tasksReady: createSignal(),
    baseUrl: () => 'http://localhost',
    outgoing,
    publicFetch: createPublicFetch(outgoing),
    auditKey: deriveKey(secret, 'audit'),
    jobs: {
      define: () => undefined,
      enqueue: () => Promise.resolve(),
      every: () => undefined,
      kindOf: () => null,
      start: () => Promise.resolve(),
      drain: () => Promise.resolve(),
    },
    egress,
    reportFault: () => undefined,
    cdn: createCdn(env, egress),
    receipts: createReceiptSigner(secret),
    stripe: null,
  };
}

async function isAnythingLeft({ db, clock }: Deps): Promise<boolean> {
  const open = await db.asSystem((tx) =>
    db.rows(
      tx,
      `SELECT 1 FROM erasures WHERE finished_at IS NULL
       UNION ALL SELECT 1 FROM videos v WHERE v.deleted_at IS NULL AND v.expires_at <= :now
         AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.video_id = v.id AND h.released_at IS NULL) LIMIT 1`,
      { now: clock.now() },
    ),
  );
  return open.length > 0;
}

/** What a start does and then the work, as long as there is any. */
async function run(orders: ErasureOrders): Promise<void> {
  const deps = await buildDeps(orders);
  say('started');
  await replayJournal(deps);
  for (const videoId of orders.videoIds) {
    const wish = { scope: 'video', cause: 'request', actorId: null } as const;
    const started = await deps.db.asSystem((tx) => buryVideos(deps, tx, wish, [videoId]));
    await journalErasures(
      deps,
      started.map((each) => each.erasureId),
    );
  }
  do {
    await sweepExpired(deps);
    await workErasures(deps, { pace: 'none' });
    // What a killed worker had claimed is free when its claim has run out.
    await setTimeout(50);
  } while (await isAnythingLeft(deps));
}

say('loaded');
const input = createInterface({ input: process.stdin });
for await (const line of input) {
  await run(ordersSchema.parse(JSON.parse(line)));
  say('done');
  process.exit(0);
}
