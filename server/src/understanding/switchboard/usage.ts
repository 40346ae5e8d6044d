import type { EngineKind, Switchboard } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';

const shownDays = 30;

/** Counts one use of an engine. */
export async function countUse(
  deps: Deps,
  tx: Tx,
  use: { workspaceId: string; kind: EngineKind; engine: string; calls?: number; isFailed?: boolean; seconds?: number; characters?: number },
): Promise<void> {
  await deps.db.change(
    tx,
    `INSERT INTO engine_usage (workspace_id, kind, engine, day, calls, failed_calls, seconds, characters)
     SELECT id, :kind, :engine, CAST(:now AS timestamptz)::date, :calls, :failed, CAST(:seconds AS float), :characters
     FROM workspaces WHERE id = :workspaceId AND NOT is_canary
     ON CONFLICT (workspace_id, kind, engine, day) DO UPDATE SET
       calls = engine_usage.calls + EXCLUDED.calls, failed_calls = engine_usage.failed_calls + EXCLUDED.failed_calls,
       seconds = engine_usage.seconds + EXCLUDED.seconds, characters = engine_usage.characters + EXCLUDED.characters`,
    {
      workspaceId: use.workspaceId,
      kind: use.kind,
      engine: use.engine,
      now: deps.clock.now(),
      calls: use.calls ?? 1,
      failed: use.isFailed === true ? 1 : 0,
      seconds: use.seconds ?? 0,
      characters: use.characters ?? 0,
    },
  );
}

/** What each engine was used for lately. */
export async function readUsage(deps: Deps, tx: Tx, workspaceId: string): Promise<Switchboard['usage']> {
  const rows = await deps.db.rows<{ kind: EngineKind; engine: string; calls: string; failed: string; seconds: number; characters: string }>(
    tx,
    `SELECT kind, engine, sum(calls) AS calls, sum(failed_calls) AS failed, sum(seconds) AS seconds, sum(characters) AS characters
     FROM engine_usage WHERE workspace_id = :workspaceId AND day > CAST(:now AS timestamptz)::date - :shownDays
     GROUP BY kind, engine ORDER BY kind, engine`,
    { workspaceId, now: deps.clock.now(), shownDays },
  );
  const prices = pricesOf(deps.env.CARMIC_ENGINE_PRICES);
  return rows.map(({ kind, engine, calls, failed, seconds, characters }) => ({
    kind,
    engine,
    calls: Number(calls),
    failedCalls: Number(failed),
    seconds: Number(seconds),
    characters: Number(characters),
    cost: prices.get(engine)?.({ seconds: Number(seconds), characters: Number(characters) }) ?? null,
  }));
}

type Price = (use: { seconds: number; characters: number }) => number;

/** What the operator's prices make of a use, by engine. */
export function pricesOf(text: string | undefined): Map<string, Price> {
  return new Map(
    (text ?? '').split(',').flatMap((entry): [string, Price][] => {
      const [, engine, amount, unit] = /^\s*([a-z-]+)=([\d.]+)\/(hour|million)\s*$/.exec(entry) ?? [];
      const price = Number(amount);
      const isPriced = engine !== undefined && Number.isFinite(price);
      return isPriced
        ? [[engine, ({ seconds, characters }) => (unit === 'hour' ? (price * seconds) / 3600 : (price * characters) / 1e6)]]
        : [];
    }),
  );
}
