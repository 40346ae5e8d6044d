/**
 * One round of renting machines for agents and giving them back. The provider's list is the truth about machines and the database about agents;
 * nothing is remembered in between, so that a round that was cut off anywhere is mended by the next.
 */
import { randomBytes } from 'node:crypto';
import { isDatabaseAway } from '../../db/databaseAway.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';
import { createEnrolment } from '../enrol.ts';
import { decide, fixedLimits, type MachineState, mostPerRound, type ProvisionLimits, type QueueState } from './decide.ts';
import { type Machine, type MachineProvider, type Offer, ProvisionError } from './provider.ts';
import { writeUserData } from './userData.ts';

interface AgentState {
  id: string;
  name: string;
  runningTasks: number;
  silentSeconds: number;
  drainingSeconds: number | null;
}

/** Looks at the queue and at every machine, and does what is due. Never throws for what the provider refuses: that is logged. */
export async function provisionOnce(deps: Deps, provider: MachineProvider): Promise<void> {
  const { log } = deps;
  try {
    await runRound(deps, provider);
  } catch (error) {
    if (!(error instanceof ProvisionError) && !isDatabaseAway(error)) {
      throw error;
    }
    log.warn({ err: error }, 'machines could not be looked after this time');
  }
}

async function runRound(deps: Deps, provider: MachineProvider): Promise<void> {
  const machines = await provider.list();
  const [agents, queue] = [await readAgents(deps, machines), await readQueue(deps)];
  const states = machines.map((machine) => toState(deps, machine, agents.get(machine.name)));
  const limits = limitsOf(deps);
  const offers = await readOffers(deps, provider, states, limits);
  const decision = decide(limits, states, queue, offers[0]?.hourlyMicros ?? null);
  const agentIds = (ids: readonly string[]) =>
    machines.filter(({ id }) => ids.includes(id)).flatMap(({ name }) => agents.get(name)?.id ?? []);
  await markDraining(deps, agentIds(decision.drain), agentIds(decision.keep));
  for (const { id, reason } of decision.remove) {
    await giveBack(deps, provider, { id, reason, agentIds: agentIds([id]) });
  }
  let budget = limits.maxHourlyMicros - states.reduce((sum, { hourlyMicros }) => sum + hourlyMicros, 0);
  for (let left = Math.min(decision.create, mostPerRound); left > 0; left -= 1) {
    const rented = await rent(
      deps,
      provider,
      offers.filter(({ hourlyMicros }) => hourlyMicros <= budget),
    );
    if (rented === null) {
      return;
    }
    budget -= rented.hourlyMicros;
  }
}

/** Prices are asked for only when one is needed. */
async function readOffers(
  deps: Deps,
  provider: MachineProvider,
  states: readonly MachineState[],
  limits: ProvisionLimits,
): Promise<Offer[]> {
  if (states.length >= limits.maxMachines) {
    return [];
  }
  try {
    return await provider.offers();
  } catch (error) {
    if (!(error instanceof ProvisionError)) {
      throw error;
    }
    deps.log.warn({ err: error }, 'the prices of machines are not known: none is rented');
    return [];
  }
}

function limitsOf({ env }: Deps): ProvisionLimits {
  return {
    minMachines: Math.min(env.CARMIC_PROVISION_MIN_MACHINES, env.CARMIC_PROVISION_MAX_MACHINES),
    maxMachines: env.CARMIC_PROVISION_MAX_MACHINES,
    slotsPerMachine: env.CARMIC_PROVISION_SLOTS,
    maxHourlyMicros: Math.round(env.CARMIC_PROVISION_MAX_EUROS_PER_HOUR * 1_000_000),
    waitSeconds: env.CARMIC_PROVISION_WAIT_SECONDS,
    bootSeconds: env.CARMIC_PROVISION_BOOT_SECONDS,
    drainSeconds: env.CARMIC_PROVISION_DRAIN_SECONDS,
    ...fixedLimits,
  };
}

function toState({ clock }: Deps, { id, createdAt, hourlyMicros }: Machine, agent: AgentState | undefined): MachineState {
  return { id, hourlyMicros, ageSeconds: Math.max(0, (clock.now().getTime() - createdAt.getTime()) / 1000), agent: agent ?? null };
}

async function readAgents({ db, clock }: Deps, machines: readonly Machine[]): Promise<Map<string, AgentState>> {
  const rows = await db.asSystem((tx) =>
    db.rows<{ id: string; name: string; running: string; silent: string; draining: string | null }>(
      tx,
      `SELECT a.id, a.name, extract(epoch FROM :now::timestamptz - coalesce(a.last_seen_at, a.created_at)) AS silent,
         extract(epoch FROM :now::timestamptz - a.draining_at) AS draining,
         (SELECT count(*) FROM media_tasks t WHERE t.agent_id = a.id AND t.state = 'leased') AS running
       FROM agents a WHERE a.revoked_at IS NULL AND a.name IN (SELECT jsonb_array_elements_text(CAST(:names AS jsonb)))
       ORDER BY a.created_at`,
      { now: clock.now(), names: JSON.stringify(machines.map(({ name }) => name)) },
    ),
  );
  return new Map(
    rows.map(({ id, name, running, silent, draining }) => [
      name,
      {
        id,
        name,
        runningTasks: Number(running),
        silentSeconds: Number(silent),
        drainingSeconds: draining === null ? null : Number(draining),
      },
    ]),
  );
}

async function readQueue({ db, clock }: Deps): Promise<QueueState> {
  const [row] = await db.asSystem((tx) =>
    db.rows<{ waiting: string; oldest: string }>(
      tx,
      `SELECT count(*) AS waiting, coalesce(extract(epoch FROM :now::timestamptz - min(queued_at)), 0) AS oldest
       FROM media_tasks WHERE state = 'queued' AND run_after <= :now`,
      { now: clock.now() },
    ),
  );
  return { waitingTasks: Number(row?.waiting ?? 0), oldestWaitSeconds: Number(row?.oldest ?? 0) };
}

async function markDraining({ db, clock, log }: Deps, drain: readonly string[], keep: readonly string[]): Promise<void> {
  if (drain.length === 0 && keep.length === 0) {
    return;
  }
  await db.asSystem(async (tx) => {
    await db.change(tx, 'UPDATE agents SET draining_at = :now WHERE id = ANY(CAST(:ids AS uuid[])) AND draining_at IS NULL', {
      now: clock.now(),
      ids: uuidArray(drain),
    });
    await db.change(tx, 'UPDATE agents SET draining_at = NULL WHERE id = ANY(CAST(:ids AS uuid[]))', { ids: uuidArray(keep) });
  });
  log.info({ drain, keep }, 'machines are emptied or kept');
}

/** The machine goes first: were its agent revoked before a call that fails, it would cost on without working. */
async function giveBack(
  { db, clock, log }: Deps,
  provider: MachineProvider,
  { id, reason, agentIds }: { id: string; reason: string; agentIds: readonly string[] },
): Promise<void> {
  try {
    await provider.remove(id);
  } catch (error) {
    if (!(error instanceof ProvisionError)) {
      throw error;
    }
    log.warn({ err: error, machine: id }, 'a machine could not be given back yet');
    return;
  }
  await db.asSystem((tx) =>
    db.change(tx, 'UPDATE agents SET revoked_at = :now WHERE id = ANY(CAST(:ids AS uuid[])) AND revoked_at IS NULL', {
      now: clock.now(),
      ids: uuidArray(agentIds),
    }),
  );
  log.info({ machine: id, reason }, 'a machine was given back');
}

/** Rents one machine at the cheapest place that has one; null when no more are to be asked for in this round. */
async function rent(deps: Deps, provider: MachineProvider, offers: readonly Offer[]): Promise<Offer | null> {
  const { env, log } = deps;
  const name = `carmic-agent-${randomBytes(6).toString('hex')}`;
  const { code } = await createEnrolment(deps, null, { seconds: env.CARMIC_PROVISION_BOOT_SECONDS });
  const userData = writeUserData({
    image: env.CARMIC_PROVISION_AGENT_IMAGE ?? '',
    serverUrl: deps.baseUrl(),
    name,
    code,
    slots: env.CARMIC_PROVISION_SLOTS,
    drainSeconds: env.CARMIC_PROVISION_DRAIN_SECONDS,
  });
  for (const offer of offers) {
    try {
      await provider.create({ name, userData, offer });
      log.info({ machine: name, location: offer.location }, 'a machine was rented');
      return offer;
    } catch (error) {
      if (!(error instanceof ProvisionError)) {
        throw error;
      }
      log.warn({ err: error, location: offer.location }, 'no machine could be rented there');
      if (error.code !== 'unavailable') {
        // Whether it was made after all, the next list tells.
        return null;
      }
    }
  }
  return null;
}
