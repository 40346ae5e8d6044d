/** The safety policy: every version is kept, the newest is in force. */
import { type SafetyPolicyVersion, type SafetyRule, type SafetyRules, safetyCategories, safetyRulesSchema } from '@carmic/contract';
import { AppError, invalidInput } from '../../core/errors.ts';
import { type Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';

interface Row {
  version: number;
  content: unknown;
  note: string;
  changed_by_name: string | null;
  changed_at: Date;
}

const shownVersions = 100;

function presentPolicy(row: Row): SafetyPolicyVersion {
  return {
    version: row.version,
    ...safetyRulesSchema.parse(row.content),
    note: row.note,
    changedBy: row.changed_by_name,
    changedAt: row.changed_at.toISOString(),
  };
}

/** Versions of the policy, newest first. */
export async function listPolicies(deps: Deps, tx: Tx, limit = shownVersions): Promise<SafetyPolicyVersion[]> {
  const rows = await deps.db.rows<Row>(
    tx,
    `SELECT p.version, p.content, p.note, u.name AS changed_by_name, p.changed_at
     FROM safety_policies p LEFT JOIN users u ON u.id = p.changed_by ORDER BY p.version DESC LIMIT :limit`,
    { limit },
  );
  return rows.map(presentPolicy);
}

async function currentPolicy(deps: Deps, tx: Tx): Promise<{ version: number } & SafetyRules> {
  const [row] = await deps.db.rows<Pick<Row, 'version' | 'content'>>(
    tx,
    'SELECT version, content FROM safety_policies ORDER BY version DESC LIMIT 1',
  );
  if (row === undefined) {
    throw new Error('A migrated database has a safety policy.');
  }
  return { version: row.version, ...safetyRulesSchema.parse(row.content) };
}

/** The rules of a policy for workspaces of one plan: those of the plan stand instead of the general ones. */
export function rulesForPlan(policy: SafetyRules, planId: string): SafetyRule[] {
  const own = policy.planRules.find((each) => each.planId === planId)?.rules ?? [];
  return policy.rules.map((rule) => own.find(({ category }) => category === rule.category) ?? rule);
}

/** The rules in force for a workspace. */
export async function rulesFor(deps: Deps, tx: Tx, workspaceId: string): Promise<{ version: number; rules: SafetyRule[] }> {
  const policy = await currentPolicy(deps, tx);
  const [row] = await deps.db.rows<{ plan_id: string }>(tx, 'SELECT plan_id FROM workspaces WHERE id = :workspaceId', { workspaceId });
  return { version: policy.version, rules: rulesForPlan(policy, row?.plan_id ?? '') };
}

async function checkRules(deps: Deps, tx: Tx, { rules, planRules }: SafetyRules): Promise<void> {
  const missing = safetyCategories.filter((name) => !rules.some(({ category }) => category === name));
  if (missing.length > 0) {
    throw invalidInput(`Every category needs a rule; these have none: ${missing.join(', ')}.`);
  }
  const ids = planRules.map(({ planId }) => planId);
  const plans = ids.length === 0 ? [] : await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM plans WHERE id IN (:ids)', { ids });
  if (plans.length !== ids.length) {
    throw invalidInput('A plan is named twice, or is not there.');
  }
}

/** Puts a new version in force. Throws conflict when somebody else's was first. */
export async function createPolicy(
  deps: Deps,
  person: { userId: string; workspaceId: string },
  body: SafetyRules & { baseVersion: number; note: string },
): Promise<SafetyPolicyVersion> {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    const { rules, planRules } = body;
    await checkRules(deps, tx, body);
    const inserted = await db.change(
      tx,
      `INSERT INTO safety_policies (version, content, note, changed_by, changed_at)
       SELECT :next, CAST(:content AS jsonb), :note, :userId, :now
       WHERE (SELECT max(version) FROM safety_policies) = :base ON CONFLICT DO NOTHING`,
      {
        next: body.baseVersion + 1,
        base: body.baseVersion,
        content: JSON.stringify({ rules, planRules }),
        note: body.note,
        userId: person.userId,
        now: deps.clock.now(),
      },
    );
    const [policy] = await listPolicies(deps, tx, 1);
    if (inserted !== 1 || policy === undefined) {
      throw new AppError('conflict', 'Somebody else changed the policy meanwhile: look at it as it is now, and change that.', {
        details: { version: policy?.version },
      });
    }
    await deps.appendEvent(tx, {
      workspaceId: person.workspaceId,
      type: 'safety.policy_changed',
      actorId: person.userId,
      data: { version: policy.version },
    });
    return policy;
  });
}
