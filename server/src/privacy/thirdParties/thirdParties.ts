import type { RouteInput, ThirdParty, ThirdPartyCall } from '@carmic/contract';
import { notFound, wrongState } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { register, type RegisterEntry } from '../../egress/register.ts';

interface Row {
  party: string;
  origin: string;
  is_off: boolean;
  announced_at: Date;
  effective_at: Date;
  removed_at: Date | null;
}

function present(deps: Deps, entry: RegisterEntry, row: Row | undefined): ThirdParty {
  const { party, name, purpose, data, region, transfer, contractUrl, isSubProcessor, canWorkspaceRefuse } = entry;
  const own = deps.egress.parties.find((each) => each.name === party);
  const isUsed = own !== undefined && row !== undefined;
  const state = !isUsed ? 'unused' : row.is_off ? 'off' : row.effective_at > deps.clock.now() ? 'announced' : 'on';
  return {
    ...{ party, name, purpose, data, region, transfer, contractUrl, isSubProcessor, canWorkspaceRefuse, state },
    host: own === undefined ? null : new URL(own.baseUrl).host,
    since: isUsed ? row.announced_at.toISOString() : null,
    effectiveAt: isUsed ? row.effective_at.toISOString() : null,
  };
}

/** The register with what is in use here. */
export async function listThirdParties(deps: Deps, tx: Tx): Promise<ThirdParty[]> {
  const rows = await deps.db.rows<Row>(tx, 'SELECT * FROM third_parties');
  return register.map((entry) =>
    present(
      deps,
      entry,
      rows.find((row) => row.party === entry.party),
    ),
  );
}

/** Switches one off or on; throws wrong_state for one that nobody switched on. */
export async function updateThirdParty(deps: Deps, userId: string, party: string, body: RouteInput<'updateThirdParty'>['body']) {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    const entry = register.find((each) => each.party === party);
    if (entry === undefined) {
      throw notFound('third party');
    }
    const [row] = await db.rows<Row>(
      tx,
      `UPDATE third_parties SET is_off = COALESCE(CAST(:isOff AS boolean), is_off),
         effective_at = CASE WHEN :beginNow THEN LEAST(effective_at, CAST(:now AS timestamptz)) ELSE effective_at END
       WHERE party = :party AND removed_at IS NULL RETURNING *`,
      { party, isOff: body.isOff ?? null, beginNow: body.beginNow === true, now: clock.now() },
    );
    if (row === undefined) {
      throw wrongState('Nobody switched this third party on: its settings are in the environment.');
    }
    await deps.appendEvent(tx, { workspaceId: null, type: 'third_party.changed', actorId: userId, data: { party, ...body } });
    return present(deps, entry, row);
  });
}

/** What was sent for one workspace. */
export async function listCalls(deps: Deps, tx: Tx, workspaceId: string, limit: number): Promise<ThirdPartyCall[]> {
  const rows = await deps.db.rows<{
    minute: Date;
    party: string;
    host: string;
    video_id: string | null;
    outcome: string;
    opt_out: string | null;
    calls: number;
    sent_bytes: string;
  }>(
    tx,
    `SELECT minute, party, host, video_id, outcome, opt_out, calls, sent_bytes FROM egress_ledger WHERE workspace_id = :workspaceId
     ORDER BY minute DESC, party, outcome LIMIT :limit`,
    { workspaceId, limit },
  );
  return rows.map((row) => ({
    minute: row.minute.toISOString(),
    party: row.party,
    host: row.host,
    videoId: row.video_id,
    outcome: row.outcome,
    optOut: row.opt_out,
    calls: row.calls,
    sentBytes: Number(row.sent_bytes),
  }));
}
