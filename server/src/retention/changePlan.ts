/** Plans and workspaces' plans are changed here, so that what expires follows in the same transaction and nowhere else. */
import type { AssignPlanBody, Impact, PlanOverrides, RetentionRule, RouteInput, UpdatePlanBody } from '@carmic/contract';
import { AppError, conflict, invalidInput, notFound, wrongState } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { columnsOf, nextGrace, resolveInForce, ruleOf } from '../plans/inForce.ts';
import { type PlanFields, type PlanRow, Plans, PlanVersions, type WorkspacePlan, WorkspacePlans } from '../plans/model.ts';
import { applyRetention, listMoved, type RetentionTarget } from './expiry.ts';
import { mailGrace } from './mails.ts';
import { summariseImpact } from './impact.ts';

/** A workspace with the plan and the overrides it shall have. */
interface Wish {
  workspace: WorkspacePlan;
  planId: string;
  rule: RetentionRule;
  overrides: PlanOverrides | null;
}

function targetOf(deps: Deps, { workspace, rule }: Wish): RetentionTarget {
  const { days } = columnsOf(rule);
  const current = { from: workspace.graceFrom, until: workspace.graceUntil, days: workspace.graceDays };
  const grace = nextGrace(current, workspace.retentionDays, days, deps.clock.now());
  return { workspaceId: workspace.id, retentionDays: days, graceFrom: grace.from, graceUntil: grace.until, graceDays: grace.days };
}

async function measureImpact(deps: Deps, tx: Tx, wishes: readonly Wish[], change: string): Promise<Impact> {
  const ids = wishes.map(({ workspace }) => workspace.id);
  const usage =
    ids.length === 0
      ? []
      : await deps.db.rows<{ workspace_id: string; used_bytes: string }>(
          tx,
          'SELECT workspace_id, used_bytes FROM storage_usage WHERE workspace_id IN (:ids)',
          { ids },
        );
  const used = new Map(usage.map((row) => [row.workspace_id, Number(row.used_bytes)]));
  return summariseImpact(
    await listMoved(
      deps,
      tx,
      wishes.map((wish) => targetOf(deps, wish)),
    ),
    wishes.map(({ workspace, rule }) => ({
      id: workspace.id,
      name: workspace.name,
      usedBytes: used.get(workspace.id) ?? 0,
      limitBytes: columnsOf(rule).storageBytes,
    })),
    change,
  );
}

/** Throws confirmation_needed, with the impact as details, unless the person has read these very figures. */
function requireConfirmation(impact: Impact, confirmation: UpdatePlanBody['confirmation']): void {
  if (!impact.needsConfirmation) {
    return;
  }
  const figures = `${impact.expiring.videos} ${impact.expiring.videos === 1 ? 'video' : 'videos'}`;
  if (confirmation?.fingerprint !== impact.fingerprint) {
    throw new AppError('confirmation_needed', `This would make ${figures} expire earlier: look at the impact and confirm it.`, {
      details: impact,
    });
  }
  if (impact.needsTyping && confirmation.typedVideoCount !== impact.expiring.videos) {
    throw new AppError('confirmation_needed', `This would make ${figures} expire earlier: type that number to confirm it.`, {
      details: impact,
    });
  }
}

async function putInForce(deps: Deps, tx: Tx, wishes: readonly Wish[]): Promise<void> {
  const targets = wishes.map((wish) => targetOf(deps, wish));
  for (const [index, { workspace, planId, rule, overrides }] of wishes.entries()) {
    const target = targets[index];
    const graceBefore = workspace.graceUntil;
    await deps.db.model(WorkspacePlans).update(
      {
        planId,
        overrides,
        retentionDays: columnsOf(rule).days,
        storageLimitBytes: columnsOf(rule).storageBytes,
        graceFrom: target?.graceFrom ?? null,
        graceUntil: target?.graceUntil ?? null,
        graceDays: target?.graceDays ?? null,
      },
      { where: { id: workspace.id }, transaction: tx },
    );
    const startedGrace = target?.graceUntil ?? null;
    if (rule.kind === 'expires' && startedGrace !== null && startedGrace.getTime() !== graceBefore?.getTime()) {
      await mailGrace(deps, tx, workspace.id, rule.days, startedGrace);
    }
  }
  await applyRetention(deps, tx, targets);
}

/** Identifies what a preview and its change have in common; the confirmation itself is no part of the change. */
function describe(subject: string, body: UpdatePlanBody | AssignPlanBody): string {
  const { confirmation: _, ...change } = body;
  return JSON.stringify([subject, change]);
}

async function loadPlan(deps: Deps, tx: Tx, id: string): Promise<PlanRow> {
  const plan = await deps.db.model(Plans).findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (plan === null) {
    throw notFound('plan');
  }
  return plan;
}

/** The fields of a plan after an edit. Throws conflict for an edit of another version, wrong_state for archiving what is in use. */
async function editedFields(deps: Deps, tx: Tx, plan: PlanRow, body: UpdatePlanBody): Promise<PlanFields> {
  if (body.version !== plan.version) {
    throw conflict('Somebody else has edited this plan meanwhile: load it again and repeat your edit.');
  }
  const fields: PlanFields = {
    name: body.name ?? plan.name,
    retention: body.retention ?? ruleOf(plan),
    limits: resolveInForce({ retention: ruleOf(plan), limits: plan.limits, features: plan.features }, { limits: body.limits }).limits,
    features: body.features ?? plan.features,
    isDefault: body.isDefault ?? plan.isDefault,
    isArchived: body.isArchived ?? plan.archivedAt !== null,
  };
  if (fields.isArchived) {
    const inUse = await deps.db.model(WorkspacePlans).count({ where: { planId: plan.id }, transaction: tx });
    if (fields.isDefault || inUse > 0) {
      throw wrongState(
        fields.isDefault
          ? 'This is the plan of new workspaces: make another one the default first.'
          : `${inUse} workspaces are on this plan: put them on another one first.`,
      );
    }
  }
  return fields;
}

async function wishesOfPlan(deps: Deps, tx: Tx, plan: PlanRow, fields: PlanFields): Promise<Wish[]> {
  const workspaces = await deps.db
    .model(WorkspacePlans)
    .findAll({ where: { planId: plan.id }, order: ['id'], transaction: tx, lock: tx.LOCK.UPDATE });
  return workspaces.map((workspace) => ({
    workspace,
    planId: plan.id,
    overrides: workspace.overrides,
    rule: resolveInForce(fields, workspace.overrides).retention,
  }));
}

/** What an edit of a plan would do. */
export function previewPlan(deps: Deps, id: string, body: UpdatePlanBody): Promise<Impact> {
  return deps.db.asSystem(async (tx) => {
    const plan = await loadPlan(deps, tx, id);
    const fields = await editedFields(deps, tx, plan, body);
    return measureImpact(deps, tx, await wishesOfPlan(deps, tx, plan, fields), describe(id, body));
  });
}

/** Edits a plan; everything that expires by it follows at once. Answers the plan's id. */
export function updatePlan(
  deps: Deps,
  id: string,
  body: UpdatePlanBody,
  actorId: string,
  checkMatch: (version: string) => void,
): Promise<string> {
  const { db, clock, appendEvent } = deps;
  return db.asSystem(async (tx) => {
    const plan = await loadPlan(deps, tx, id);
    checkMatch(String(plan.version));
    const fields = await editedFields(deps, tx, plan, body);
    const wishes = await wishesOfPlan(deps, tx, plan, fields);
    const impact = await measureImpact(deps, tx, wishes, describe(id, body));
    requireConfirmation(impact, body.confirmation);
    if (fields.isDefault && !plan.isDefault) {
      await db.model(Plans).update({ isDefault: false }, { where: { isDefault: true }, transaction: tx });
    }
    const { days, storageBytes } = columnsOf(fields.retention);
    const now = clock.now();
    await db.model(Plans).update(
      {
        name: fields.name,
        expiresAfterDays: days,
        fixedStorageBytes: storageBytes,
        limits: fields.limits,
        features: fields.features,
        isDefault: fields.isDefault,
        archivedAt: fields.isArchived ? (plan.archivedAt ?? now) : null,
        version: plan.version + 1,
        updatedAt: now,
      },
      { where: { id }, transaction: tx },
    );
    await recordVersion(deps, tx, id, plan.version + 1, fields, actorId);
    await putInForce(deps, tx, wishes);
    await appendEvent(tx, {
      workspaceId: null,
      type: 'plan.updated',
      subjectId: id,
      actorId,
      data: { version: plan.version + 1, expiring: impact.expiring, rescued: impact.rescued },
    });
    return id;
  });
}

function recordVersion(deps: Deps, tx: Tx, planId: string, version: number, fields: PlanFields, changedBy: string | null) {
  return deps.db.model(PlanVersions).create({ planId, version, fields, changedBy, changedAt: deps.clock.now() }, { transaction: tx });
}

/** Adds a plan and answers its id. */
export function createPlan(deps: Deps, body: RouteInput<'createPlan'>['body'], actorId: string): Promise<string> {
  const { db, clock, appendEvent } = deps;
  return db.asSystem(async (tx) => {
    const id = newId();
    const now = clock.now();
    const { days, storageBytes } = columnsOf(body.retention);
    if (body.isDefault) {
      await db.model(Plans).update({ isDefault: false }, { where: { isDefault: true }, transaction: tx });
    }
    const slug = `${
      body.name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')
        .slice(0, 40) || 'plan'
    }-${id.slice(-6)}`;
    await db.model(Plans).create(
      {
        id,
        slug,
        name: body.name,
        expiresAfterDays: days,
        fixedStorageBytes: storageBytes,
        limits: body.limits,
        features: body.features,
        isDefault: body.isDefault,
        createdAt: now,
        updatedAt: now,
      },
      { transaction: tx },
    );
    const { name, retention, limits, features, isDefault } = body;
    const fields = { name, retention, limits, features, isDefault, isArchived: false };
    await recordVersion(deps, tx, id, 1, fields, actorId);
    await appendEvent(tx, { workspaceId: null, type: 'plan.created', subjectId: id, actorId });
    return id;
  });
}

async function wishOfWorkspace(deps: Deps, tx: Tx, id: string, body: AssignPlanBody): Promise<Wish> {
  const workspace = await deps.db.model(WorkspacePlans).findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (workspace === null) {
    throw notFound('workspace');
  }
  const plan = await deps.db.model(Plans).findByPk(body.planId ?? workspace.planId, { transaction: tx });
  if (plan === null || (plan.archivedAt !== null && plan.id !== workspace.planId)) {
    throw invalidInput('There is no such plan, or it is archived: choose another one.');
  }
  const overrides = body.overrides === undefined ? workspace.overrides : body.overrides;
  const rule = overrides?.retention ?? ruleOf(plan);
  return { workspace, planId: plan.id, rule, overrides };
}

/** What another plan or other overrides would do to a workspace. */
export function previewWorkspacePlan(deps: Deps, id: string, body: AssignPlanBody): Promise<Impact> {
  return deps.db.asSystem(async (tx) => measureImpact(deps, tx, [await wishOfWorkspace(deps, tx, id, body)], describe(id, body)));
}

/** Puts a workspace on a plan or changes its overrides; what expires follows at once. */
export function assignPlan(deps: Deps, id: string, body: AssignPlanBody, actorId: string): Promise<void> {
  const { db, appendEvent } = deps;
  return db.asSystem(async (tx) => {
    const wish = await wishOfWorkspace(deps, tx, id, body);
    await requireUnpaid(deps, tx, wish);
    const impact = await measureImpact(deps, tx, [wish], describe(id, body));
    requireConfirmation(impact, body.confirmation);
    await putInForce(deps, tx, [wish]);
    await appendEvent(tx, {
      workspaceId: id,
      type: 'workspace.plan_changed',
      subjectId: id,
      actorId,
      data: { from: wish.workspace.planId, to: wish.planId, expiring: impact.expiring, rescued: impact.rescued },
    });
  });
}

/** Throws wrong_state where a subscription decides the plan: its next look would undo what is assigned by hand. */
async function requireUnpaid(deps: Deps, tx: Tx, { workspace, planId }: Wish): Promise<void> {
  if (deps.stripe === null || planId === workspace.planId) {
    return;
  }
  const paid = await deps.db.rows(tx, 'SELECT 1 FROM billing_accounts WHERE workspace_id = :id AND is_live = :isLive AND is_entitled', {
    id: workspace.id,
    isLive: deps.stripe.isLive,
  });
  if (paid.length > 0) {
    throw wrongState('The subscription of this workspace decides its plan: give it another one as a grant, with a reason.');
  }
}

/** What a move to another plan would end earlier, for the person who is about to buy or cancel. */
export function measureMove(deps: Deps, workspaceId: string, planId: string): Promise<Impact> {
  return previewWorkspacePlan(deps, workspaceId, { planId });
}

/**
 * Puts a workspace on the plan that its money or a grant says, in the caller's transaction; false when it is on it already. Nobody is asked:
 * content of before has its grace.
 */
export async function moveWorkspace(deps: Deps, tx: Tx, workspaceId: string, planId: string, cause: string): Promise<boolean> {
  const workspace = await deps.db.model(WorkspacePlans).findByPk(workspaceId, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (workspace === null || workspace.planId === planId) {
    return false;
  }
  // Not through the wish of an administrator: a plan that is archived is still owed to whoever pays for it.
  const plan = await deps.db.model(Plans).findByPk(planId, { transaction: tx });
  if (plan === null) {
    throw notFound('plan');
  }
  const { overrides } = workspace;
  await putInForce(deps, tx, [{ workspace, planId, overrides, rule: overrides?.retention ?? ruleOf(plan) }]);
  await deps.appendEvent(tx, {
    workspaceId,
    type: 'workspace.plan_changed',
    subjectId: workspaceId,
    data: { from: workspace.planId, to: planId, cause },
  });
  return true;
}
