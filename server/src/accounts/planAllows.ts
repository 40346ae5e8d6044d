/**
 * What the plan of a workspace allows in the domains below `plans`: seats and features. An override that is there wins over the plan. What is
 * there already stays when a plan allows less later; only something new is refused.
 */
import type { PlanFeature } from '@carmic/contract';
import { AppError } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

const named: Readonly<Record<PlanFeature, string>> = {
  brandKits: 'brand kits',
  webhooks: 'webhooks',
  apiKeys: 'API keys',
  translations: 'translations',
  freeRerenders: 'free renderings of changed clips',
};

/** Throws quota_exceeded when the plan of the workspace does not include a feature. */
export async function requireFeature(deps: Deps, tx: Tx, workspaceId: string, feature: PlanFeature): Promise<void> {
  const [row] = await deps.db.rows<{ features: PlanFeature[]; plan: string }>(
    tx,
    `SELECT COALESCE(w.overrides -> 'features', p.features) AS features, p.name AS plan
     FROM workspaces w JOIN plans p ON p.id = w.plan_id WHERE w.id = :workspaceId`,
    { workspaceId },
  );
  if (row?.features.includes(feature) === false) {
    throw new AppError('quota_exceeded', `The plan ${row.plan} does not include ${named[feature]}: ask for a larger plan.`, {
      details: { feature },
    });
  }
}

/** How many more people a workspace has room for; Infinity without a limit, or where more are bought by use. Locks the workspace, so that two cannot take the last seat. */
export async function freeSeats(deps: Deps, tx: Tx, workspaceId: string, options: { exceptInvited?: string } = {}): Promise<number> {
  const [row] = await deps.db.rows<{ seats: number | null; buys: boolean }>(
    tx,
    `SELECT CAST(CASE WHEN w.overrides -> 'limits' -> 'members' IS NULL THEN p.limits ->> 'members'
       ELSE w.overrides -> 'limits' ->> 'members' END AS integer) AS seats,
       EXISTS (SELECT 1 FROM billing_accounts a WHERE a.workspace_id = w.id AND a.is_live = :isLive AND a.is_entitled AND a.has_extra_seats) AS buys
     FROM workspaces w JOIN plans p ON p.id = w.plan_id WHERE w.id = :workspaceId FOR UPDATE OF w`,
    { workspaceId, isLive: deps.stripe?.isLive ?? null },
  );
  const seats = row?.seats ?? null;
  if (seats === null || row?.buys === true) {
    return Infinity;
  }
  const [taken] = await deps.db.rows<{ people: string; invited: string }>(
    tx,
    `SELECT (SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id AND u.kind = 'person' WHERE m.workspace_id = :workspaceId) AS people,
       (SELECT count(*) FROM invitations WHERE workspace_id = :workspaceId AND expires_at > :now AND lower(email) <> lower(:except)) AS invited`,
    { workspaceId, now: deps.clock.now(), except: options.exceptInvited ?? '' },
  );
  const invited = options.exceptInvited === undefined ? 0 : Number(taken?.invited ?? 0);
  return seats - Number(taken?.people ?? 0) - invited;
}

/** Throws quota_exceeded when nobody else may join. With an address that is to be invited, open invitations take seats too. */
export async function requireSeat(deps: Deps, tx: Tx, workspaceId: string, invitedEmail?: string): Promise<void> {
  if ((await freeSeats(deps, tx, workspaceId, invitedEmail === undefined ? {} : { exceptInvited: invitedEmail })) < 1) {
    throw new AppError(
      'quota_exceeded',
      'This workspace has as many members as its plan allows, open invitations included. Remove somebody, or ask for a larger plan.',
    );
  }
}
