import { type EngineKind, engineKinds, engineOrderVersion, type Switchboard } from '@carmic/contract';
import { invalidInput } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { Handlers } from '../../http/request.ts';
import { type Person, personOf } from '../../http/request.ts';
import { keepInstanceOrder, keepWorkspaceOrder, readInstanceOrder, readSwitch, readWorkspaceOrder } from './engines.ts';
import { keepRefusal } from './refusals.ts';
import { testEngine } from './testEngine.ts';
import { readUsage } from './usage.ts';

async function presentSwitchboard(deps: Deps, tx: Tx, workspaceId: string): Promise<Switchboard> {
  const switches: Switchboard['switches'] = [];
  for (const kind of engineKinds) {
    switches.push(await readSwitch(deps, tx, workspaceId, kind));
  }
  return { switches, usage: await readUsage(deps, tx, workspaceId), currency: deps.env.CARMIC_ENGINE_CURRENCY };
}

async function checkOrder(deps: Deps, tx: Tx, workspaceId: string, kind: EngineKind, order: string[] | null): Promise<void> {
  const { engines, decidedBy, variable } = await readSwitch(deps, tx, workspaceId, kind);
  if (decidedBy === 'environment') {
    throw invalidInput(`The environment decides this: ${variable} is set. Change it there.`);
  }
  const unknown = (order ?? []).find((name) => !engines.some((engine) => engine.name === name));
  if (unknown !== undefined || new Set(order).size !== (order ?? []).length) {
    throw invalidInput(unknown === undefined ? 'An engine is named twice.' : `There is no engine ${unknown} for this.`);
  }
}

function changeRefusal(deps: Deps, { userId, workspaceId }: Person, party: string, isRefused: boolean): Promise<Switchboard> {
  return deps.db.inWorkspace(workspaceId, async (tx) => {
    await keepRefusal(deps, tx, { workspaceId, userId, party, isRefused });
    return presentSwitchboard(deps, tx, workspaceId);
  });
}

/** Which engine does what. */
export const switchboardHandlers = {
  async getSwitchboard(request) {
    const { deps } = request;
    const { workspaceId } = personOf(request);
    return deps.db.inWorkspace(workspaceId, (tx) => presentSwitchboard(deps, tx, workspaceId));
  },
  async getWorkspaceEngines(request) {
    const { deps, params } = request;
    const { workspaceId } = personOf(request);
    const order = await deps.db.inWorkspace(workspaceId, (tx) => readWorkspaceOrder(deps, tx, workspaceId, params.kind));
    request.setEtag(engineOrderVersion(order));
    return { kind: params.kind, order };
  },
  async updateWorkspaceEngines(request) {
    const { deps, params, body } = request;
    const { workspaceId, userId } = personOf(request);
    const board = await deps.db.inWorkspace(workspaceId, async (tx) => {
      await deps.db.rows(tx, 'SELECT 1 FROM workspaces WHERE id = :workspaceId FOR UPDATE', { workspaceId });
      request.checkMatch(engineOrderVersion(await readWorkspaceOrder(deps, tx, workspaceId, params.kind)));
      await checkOrder(deps, tx, workspaceId, params.kind, body.order);
      await keepWorkspaceOrder(deps, tx, workspaceId, params.kind, body.order);
      await deps.appendEvent(tx, { workspaceId, type: 'engines.changed', actorId: userId, data: { kind: params.kind, order: body.order } });
      return presentSwitchboard(deps, tx, workspaceId);
    });
    request.setEtag(engineOrderVersion(body.order));
    return board;
  },
  async getInstanceEngines(request) {
    const { deps, params } = request;
    const order = await deps.db.asSystem((tx) => readInstanceOrder(deps, tx, params.kind));
    request.setEtag(engineOrderVersion(order));
    return { kind: params.kind, order };
  },
  async updateInstanceEngines(request) {
    const { deps, params, body } = request;
    const { workspaceId, userId } = personOf(request);
    const board = await deps.db.inWorkspace(workspaceId, async (tx) => {
      await deps.db.rows(tx, 'SELECT pg_advisory_xact_lock(723409)');
      request.checkMatch(engineOrderVersion(await readInstanceOrder(deps, tx, params.kind)));
      await checkOrder(deps, tx, workspaceId, params.kind, body.order);
      await keepInstanceOrder(deps, tx, params.kind, body.order);
      await deps.appendEvent(tx, {
        workspaceId,
        type: 'engines.changed',
        actorId: userId,
        data: { kind: params.kind, order: body.order, isInstance: true },
      });
      return presentSwitchboard(deps, tx, workspaceId);
    });
    request.setEtag(engineOrderVersion(body.order));
    return board;
  },
  refuseThirdParty: (request) => changeRefusal(request.deps, personOf(request), request.params.party, true),
  allowThirdParty: (request) => changeRefusal(request.deps, personOf(request), request.params.party, false),
  async testEngine(request) {
    return testEngine(request.deps, request.body.kind, request.body.engine);
  },
} satisfies Partial<Handlers>;
