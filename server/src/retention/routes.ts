import { Readable } from 'node:stream';
import { Op } from 'sequelize';
import { notFound } from '../core/errors.ts';
import { type Handlers, personOf } from '../http/request.ts';
import { Users } from '../accounts/model.ts';
import { Plans, PlanVersions, WorkspacePlans } from '../plans/model.ts';
import { presentEntitlements, presentPlans, presentWorkspaces } from '../plans/present.ts';
import { recountStorage } from '../plans/quota.ts';
import { budgetVersion, readBudget, writeBudget } from '../plans/budget.ts';
import { readDays, readMonths, readStatement } from '../plans/statement.ts';
import type { Deps } from '../deps.ts';
import { statementFile } from './statementFile.ts';
import { withTitles } from './statementTitles.ts';
import { brandErasureHandlers } from './brandRoutes.ts';
import { erasureHandlers } from './erasureRoutes.ts';
import { listHolds, placeHold, releaseHold } from './holds.ts';
import { listReconciliations, startReconciliation } from './reconcile.ts';
import { readCalendar } from './calendar.ts';
import { assignPlan, createPlan, previewPlan, previewWorkspacePlan, updatePlan } from './changePlan.ts';

async function onePlan(deps: Deps, id: string) {
  return deps.db.asSystem(async (tx) => {
    const plan = await deps.db.model(Plans).findByPk(id, { transaction: tx });
    const [presented] = plan === null ? [] : await presentPlans(deps, tx, [plan]);
    if (presented === undefined) {
      throw notFound('plan');
    }
    return presented;
  });
}

async function oneWorkspace(deps: Deps, id: string) {
  return deps.db.asSystem(async (tx) => {
    const workspace = await deps.db.model(WorkspacePlans).findByPk(id, { transaction: tx });
    const [presented] = workspace === null ? [] : await presentWorkspaces(deps, tx, [workspace]);
    if (presented === undefined) {
      throw notFound('workspace');
    }
    return presented;
  });
}

/** Plans, workspaces' plans, what expires. */
export const retentionHandlers = {
  ...erasureHandlers,
  ...brandErasureHandlers,
  async listPlans({ deps, query }) {
    return deps.db.asSystem(async (tx) => {
      const plans = await deps.db.model(Plans).findAll({
        where: query.archived === 'true' ? {} : { archivedAt: null },
        order: ['createdAt', 'expiresAfterDays', 'fixedStorageBytes', 'slug'],
        transaction: tx,
      });
      return { items: await presentPlans(deps, tx, plans) };
    });
  },
  async createPlan(request) {
    return onePlan(request.deps, await createPlan(request.deps, request.body, personOf(request).userId));
  },
  async getPlan({ deps, params, setEtag }) {
    const plan = await onePlan(deps, params.id);
    setEtag(String(plan.version));
    return plan;
  },
  async listPlanVersions({ deps, params }) {
    await onePlan(deps, params.id);
    return deps.db.asSystem(async (tx) => {
      const versions = await deps.db
        .model(PlanVersions)
        .findAll({ where: { planId: params.id }, order: [['version', 'DESC']], transaction: tx });
      const people = await deps.db.model(Users).findAll({
        where: { id: versions.flatMap((version) => (version.changedBy === null ? [] : [version.changedBy])) },
        transaction: tx,
      });
      return {
        items: versions.map((version) => ({
          version: version.version,
          ...version.fields,
          changedBy: people.find((person) => person.id === version.changedBy)?.name ?? null,
          changedAt: version.changedAt.toISOString(),
        })),
      };
    });
  },
  previewPlan: ({ deps, params, body }) => previewPlan(deps, params.id, body),
  async updatePlan(request) {
    const { deps, params, body } = request;
    const plan = await onePlan(deps, await updatePlan(deps, params.id, body, personOf(request).userId, request.checkMatch));
    request.setEtag(String(plan.version));
    return plan;
  },
  async listWorkspaces({ deps, query }) {
    return deps.db.asSystem(async (tx) => {
      const rows = await deps.db.model(WorkspacePlans).findAll({
        where: {
          ...(query.planId === undefined ? {} : { planId: query.planId }),
          ...(query.search === undefined ? {} : { name: { [Op.iLike]: `%${query.search.replace(/[\\%_]/g, '\\$&')}%` } }),
          ...(query.cursor === undefined ? {} : { id: { [Op.gt]: query.cursor } }),
        },
        order: ['id'],
        limit: query.limit + 1,
        transaction: tx,
      });
      const page = rows.slice(0, query.limit);
      return {
        items: await presentWorkspaces(deps, tx, page),
        nextCursor: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null,
      };
    });
  },
  getWorkspace: ({ deps, params }) => oneWorkspace(deps, params.id),
  previewWorkspacePlan: ({ deps, params, body }) => previewWorkspacePlan(deps, params.id, body),
  async assignPlan(request) {
    const { deps, params, body } = request;
    await assignPlan(deps, params.id, body, personOf(request).userId);
    return oneWorkspace(deps, params.id);
  },
  async recountStorage({ deps, params }) {
    await oneWorkspace(deps, params.id);
    return deps.db.asSystem((tx) => recountStorage(deps, tx, params.id));
  },
  async getEntitlements(request) {
    const { workspaceId } = personOf(request);
    return request.deps.db.inWorkspace(workspaceId, (tx) => presentEntitlements(request.deps, tx, workspaceId));
  },
  listHolds: async ({ deps }) => ({ items: await listHolds(deps) }),
  placeHold: (request) => placeHold(request.deps, request.body, personOf(request).userId),
  releaseHold: (request) => releaseHold(request.deps, request.params.id, personOf(request).userId),
  listReconciliations: async ({ deps }) => ({ items: await listReconciliations(deps) }),
  async createReconciliation({ deps, body }) {
    const id = await startReconciliation(deps, body.isDryRun);
    const [report] = await listReconciliations(deps, id);
    if (report === undefined) {
      throw notFound('comparison');
    }
    return report;
  },
  async listUsageMonths(request) {
    const { workspaceId } = personOf(request);
    return { items: await request.deps.db.inWorkspace(workspaceId, (tx) => readMonths(request.deps, tx, workspaceId)) };
  },
  async listUsageDays(request) {
    const { workspaceId } = personOf(request);
    return { items: await request.deps.db.inWorkspace(workspaceId, (tx) => readDays(request.deps, tx, workspaceId, request.query.month)) };
  },
  async getUsageBudget(request) {
    const { workspaceId } = personOf(request);
    const budget = await request.deps.db.inWorkspace(workspaceId, (tx) => readBudget(request.deps, tx, workspaceId));
    request.setEtag(budgetVersion(budget));
    return budget;
  },
  async putUsageBudget(request) {
    const budget = await writeBudget(request.deps, personOf(request), request.body, request.checkMatch);
    request.setEtag(budgetVersion(budget));
    return budget;
  },
  async getUsage(request) {
    const { workspaceId } = personOf(request);
    return request.deps.db.inWorkspace(workspaceId, async (tx) => {
      const statement = await readStatement(request.deps, tx, workspaceId, request.query);
      return { ...statement, lines: await withTitles(request.deps, tx, statement.lines) };
    });
  },
  getUsageFile(request) {
    const { deps, params, sendFile } = request;
    const body = Readable.from(statementFile(deps, personOf(request).workspaceId, params.month));
    sendFile({ name: `carmic-${params.month}.csv`, type: 'text/csv; charset=utf-8', body });
    return Promise.resolve(undefined);
  },
  async getCalendar(request) {
    return readCalendar(request.deps, personOf(request).workspaceId, request.query.days);
  },
} satisfies Partial<Handlers>;
