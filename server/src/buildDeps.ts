/** What the server's processes and the commands of operators have in common. */
import { provisionParties } from './agents/provisioning/jobs.ts';
import { billingParties, createStripeGateway } from './billing/stripeGateway.ts';
import { systemClock } from './core/clock.ts';
import { createSealer, deriveKey } from './core/crypto.ts';
import type { Env } from './core/env.ts';
import { StartError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import { createSignal } from './core/signal.ts';
import { createDatabase, type Database } from './db/database.ts';
import { explainDatabaseAway, isDatabaseAway } from './db/databaseAway.ts';
import { migrations } from './db/migrations/index.ts';
import { findSchemaProblem } from './db/schemaRelease.ts';
import type { Deps } from './deps.ts';
import { createEgress, type Egress } from './egress/egress.ts';
import { createErrorReporter, errorReportParties } from './egress/errorReports.ts';
import { createPublicFetch } from './egress/publicFetch.ts';
import { createAppendEvent } from './events/append.ts';
import { createJobs } from './jobs/jobs.ts';
import { keyParties } from './keyring/keysFromEnv.ts';
import { openInstanceKeys } from './keyring/openInstanceKeys.ts';
import { cdnParties, createCdn } from './retention/cdn/cdn.ts';
import { createReceiptSigner } from './retention/receipts/signer.ts';
import { openStoreFromEnv, requireSoundStore, type StoreSurroundings } from './storage/storeFromEnv.ts';
import { partiesOf } from './understanding/switchboard/parties.ts';

/**
 * Builds everything that verbs use: database, keys, storage and the ways out, with nothing listening and no job taken. `isStorageTried` refuses a
 * storage that does not pass its own checks. Throws StartError for whatever the operator must mend.
 */
export async function buildDeps(env: Env, log: Log, { baseUrl, isStorageTried }: { baseUrl: () => string; isStorageTried: boolean }) {
  const clock = systemClock(env.CARMIC_CLOCK_OFFSET_MS);
  const db = createDatabase({
    url: env.CARMIC_DATABASE_URL,
    poolSize: env.CARMIC_DATABASE_POOL,
    log,
    isStrict: env.CARMIC_MODE !== 'production',
  });
  const committed = createSignal();
  const outgoing = { hosts: env.CARMIC_OUTGOING_HOSTS, privateRanges: env.CARMIC_OUTGOING_PRIVATE_RANGES };
  const egress = createEgress(
    [
      ...partiesOf(env),
      ...cdnParties(env),
      ...keyParties(env),
      ...billingParties(env),
      ...provisionParties(env),
      ...errorReportParties(env),
    ],
    log,
  );
  const { rootKeys, secret, columnKeys, storage } = await openStored(env, db, egress, { baseUrl, clock, isStorageTried });
  const deps: Deps = {
    env,
    log,
    clock,
    db,
    sealer: createSealer(secret, columnKeys),
    store: storage,
    rootKeys,
    // Outside of tests the act counts more than its note: the text is left out, and the log says where it came from.
    appendEvent:
      env.CARMIC_MODE !== 'test'
        ? createAppendEvent(db, clock, committed, (message) => log.error({ err: new Error(message) }, 'an event was to carry text'))
        : createAppendEvent(db, clock, committed),
    committed,
    baseUrl,
    outgoing,
    publicFetch: createPublicFetch(outgoing),
    auditKey: deriveKey(secret, 'audit'),
    tasksReady: createSignal(),
    jobs: createJobs({ databaseUrl: env.CARMIC_DATABASE_URL, db, log }),
    egress,
    reportFault: createErrorReporter(env, egress, () => clock.now()),
    cdn: createCdn(env, egress),
    receipts: createReceiptSigner(secret),
    stripe: createStripeGateway(env, egress),
  };
  return { deps, storage, columnKeys };
}

/** Opens the keys and the storage; the database is closed again when that does not work. */
async function openStored(
  env: Env,
  db: Database,
  egress: Egress,
  { isStorageTried, ...surroundings }: Pick<StoreSurroundings, 'baseUrl' | 'clock'> & { isStorageTried: boolean },
) {
  try {
    const names = migrations.map(({ name }) => name);
    const problem = await findSchemaProblem(db, names);
    if (problem !== null) {
      throw new StartError(problem);
    }
    const { rootKeys, secret, columnKeys } = await openInstanceKeys(env, db, egress);
    const storage = await openStoreFromEnv(env, { ...surroundings, rootKeys, secret, columnKeys });
    if (isStorageTried) {
      await requireSoundStore(storage);
    }
    return { rootKeys, secret, columnKeys, storage };
  } catch (error) {
    await db.close();
    throw explainAway(error);
  }
}

/** The sentence for operators of an error that means that the database is away; any other error as it is. */
export function explainAway(error: unknown): unknown {
  return isDatabaseAway(error) ? new StartError(explainDatabaseAway(error)) : error;
}
