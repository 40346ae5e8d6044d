/**
 * A third party that an installation with customers begins to use is told of by mail 30 days before it is called. Keeps: T1. At the first start, and
 * while nobody but administrators is here, there is nobody to tell. An administrator can let it begin at once, which is written down.
 */
import { addSeconds } from '../../core/clock.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { entryOf } from '../../egress/register.ts';
import { queueMail } from '../../mail/mail.ts';

const noticeDays = 30;
const daySeconds = 24 * 3600;

interface Known {
  party: string;
  origin: string;
  removed_at: Date | null;
}

/** Compares what the environment names with what is known, and announces what is new. Any number of processes may do this. */
export async function announceParties(deps: Deps): Promise<void> {
  const { db, clock, egress } = deps;
  await db.asSystem(async (tx) => {
    await db.rows(tx, 'SELECT pg_advisory_xact_lock(723422)');
    const now = clock.now();
    const known = await db.rows<Known>(tx, 'SELECT party, origin, removed_at FROM third_parties');
    const customers = await customersOf(deps, tx);
    const [marker] = await db.rows(tx, "SELECT 1 FROM instance_settings WHERE name = 'third_parties'");
    const isFirst = marker === undefined;
    if (isFirst) {
      await db.change(
        tx,
        `INSERT INTO instance_settings (name, value) VALUES ('third_parties', CAST(:value AS jsonb)) ON CONFLICT DO NOTHING`,
        {
          value: JSON.stringify({ since: now.toISOString() }),
        },
      );
    }
    const fresh: string[] = [];
    for (const { name, baseUrl } of egress.parties) {
      const { origin } = new URL(baseUrl);
      const before = known.find((each) => each.party === name);
      if (before?.origin === origin && before.removed_at === null) {
        continue;
      }
      const waits = !isFirst && customers.length > 0 && entryOf(name)?.isSubProcessor === true;
      await db.change(
        tx,
        `INSERT INTO third_parties (party, origin, announced_at, effective_at) VALUES (:name, :origin, :now, :effective)
         ON CONFLICT (party) DO UPDATE SET origin = excluded.origin, announced_at = excluded.announced_at,
           effective_at = excluded.effective_at, removed_at = NULL`,
        { name, origin, now, effective: waits ? addSeconds(now, noticeDays * daySeconds) : now },
      );
      if (waits) {
        fresh.push(name);
      }
    }
    for (const { party } of known.filter((each) => each.removed_at === null && !egress.parties.some(({ name }) => name === each.party))) {
      await db.change(tx, 'UPDATE third_parties SET removed_at = :now WHERE party = :party', { now, party });
    }
    if (fresh.length > 0) {
      await tell(deps, tx, customers, fresh);
    }
  });
}

async function customersOf(deps: Deps, tx: Tx) {
  return deps.db.rows<{ id: string; email: string; name: string }>(
    tx,
    `SELECT DISTINCT u.id, u.email, u.name FROM users u JOIN members m ON m.user_id = u.id JOIN workspaces w ON w.id = m.workspace_id
     WHERE m.role = 'owner' AND w.deleted_at IS NULL AND u.kind = 'person' AND NOT u.is_admin AND u.email NOT LIKE '%.invalid'`,
  );
}

async function tell(deps: Deps, tx: Tx, people: readonly { id: string; email: string; name: string }[], fresh: readonly string[]) {
  const entries = fresh.flatMap((party) => entryOf(party) ?? []);
  const effective = addSeconds(deps.clock.now(), noticeDays * daySeconds)
    .toISOString()
    .slice(0, 10);
  const changes = entries.map(({ name, purpose, data, region }) => ({ name, purpose, data, region }));
  for (const { id, email, name } of people) {
    await queueMail(deps, tx, {
      template: 'third_parties',
      data: { effective, changes },
      to: { email, name, userId: id },
      validSeconds: 7 * daySeconds,
    });
  }
  for (const party of fresh) {
    await deps.appendEvent(tx, { workspaceId: null, type: 'third_party.announced', data: { party, effective, told: people.length } });
  }
}
