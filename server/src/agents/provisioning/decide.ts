/**
 * Which machines to rent, empty and give back: arithmetic on what is known, so that it can be tried on every state there may be.
 *
 * Keeps: T3. Never more machines or a higher cost than allowed; a machine with work is emptied before it goes, unless it went silent or its time to
 * drain is over; a machine that nobody needs goes before its next billed hour begins.
 */

/** The operator's limits. Money is in millionths of the currency for an hour. */
export interface ProvisionLimits {
  minMachines: number;
  maxMachines: number;
  slotsPerMachine: number;
  maxHourlyMicros: number;
  waitSeconds: number;
  bootSeconds: number;
  /** An agent that has not called for this long holds no lease any more. */
  silentSeconds: number;
  drainSeconds: number;
  /** The length of time that is billed as a whole. */
  billedSeconds: number;
  /** How long before the end of it an idle machine is let go. */
  aheadSeconds: number;
}

/** Limits that are not the operator's. An agent holds no task without a word for a twentieth of `silentSeconds`. */
export const fixedLimits = { silentSeconds: 600, billedSeconds: 3600, aheadSeconds: 600 } as const;

/** A round rents no more than this: the next comes soon, and a wrong figure costs less. */
export const mostPerRound = 20;

/** Seconds from one round to the next. */
export const roundSeconds = 30;

export interface MachineState {
  id: string;
  ageSeconds: number;
  hourlyMicros: number;
  /** Null until its agent has enrolled. */
  agent: { runningTasks: number; silentSeconds: number; drainingSeconds: number | null } | null;
}

export interface QueueState {
  waitingTasks: number;
  oldestWaitSeconds: number;
}

export type RemovalReason = 'never_came_up' | 'went_silent' | 'drained' | 'drain_took_too_long';

export interface Decision {
  /** How many to rent. */
  create: number;
  /** Machines whose agent takes no task any more, and those that were to go and are wanted again. */
  drain: string[];
  keep: string[];
  remove: { id: string; reason: RemovalReason }[];
}

/** Decides one round. `hourlyMicros` is the price of the next machine; null when none is to be had. */
export function decide(
  limits: ProvisionLimits,
  machines: readonly MachineState[],
  queue: QueueState,
  hourlyMicros: number | null,
): Decision {
  const remove = machines.flatMap((machine) => {
    const reason = whyRemove(limits, machine);
    return reason === null ? [] : [{ id: machine.id, reason }];
  });
  const gone = new Set(remove.map(({ id }) => id));
  const left = machines.filter(({ id }) => !gone.has(id));
  const isDraining = (machine: MachineState) => machine.agent !== null && machine.agent.drainingSeconds !== null;
  const active = left.filter((machine) => !isDraining(machine));

  const excess = findExcess(limits, active);
  if (excess.length > 0) {
    return { create: 0, drain: excess, keep: [], remove };
  }
  const wanted = wantedMore(limits, active, queue);
  if (wanted > 0) {
    const keep = left
      .filter(isDraining)
      .sort(byAge)
      .slice(0, wanted)
      .map(({ id }) => id);
    return { create: Math.min(wanted - keep.length, roomFor(limits, left, hourlyMicros)), drain: [], keep, remove };
  }
  const idle = queue.waitingTasks > 0 ? [] : active.filter((machine) => isIdleAtTheEnd(limits, machine)).sort(byAge);
  const spare = Math.max(0, active.length - limits.minMachines);
  return { create: 0, drain: idle.slice(0, spare).map(({ id }) => id), keep: [], remove };
}

/** Youngest first; equal ages by id, so that the same state is decided the same way. */
const byAge = (a: MachineState, b: MachineState) => a.ageSeconds - b.ageSeconds || a.id.localeCompare(b.id);

function whyRemove(limits: ProvisionLimits, { ageSeconds, agent }: MachineState): RemovalReason | null {
  if (agent === null) {
    return ageSeconds >= limits.bootSeconds ? 'never_came_up' : null;
  }
  if (agent.silentSeconds >= limits.silentSeconds) {
    return 'went_silent';
  }
  if (agent.drainingSeconds === null) {
    return null;
  }
  return agent.runningTasks === 0 ? 'drained' : agent.drainingSeconds >= limits.drainSeconds ? 'drain_took_too_long' : null;
}

/** Machines over a limit that was lowered: those without work first. What has no agent yet is waited for. */
function findExcess(limits: ProvisionLimits, active: readonly MachineState[]): string[] {
  let cost = active.reduce((sum, machine) => sum + machine.hourlyMicros, 0);
  let count = active.length;
  const excess: string[] = [];
  const candidates = active
    .filter((machine) => machine.agent !== null)
    .sort((a, b) => (a.agent?.runningTasks ?? 0) - (b.agent?.runningTasks ?? 0) || byAge(a, b));
  for (const machine of candidates) {
    if (count <= limits.maxMachines && cost <= limits.maxHourlyMicros) {
      break;
    }
    excess.push(machine.id);
    count -= 1;
    cost -= machine.hourlyMicros;
  }
  return excess;
}

function wantedMore(limits: ProvisionLimits, active: readonly MachineState[], { waitingTasks, oldestWaitSeconds }: QueueState): number {
  const missing = Math.max(0, limits.minMachines - active.length);
  if (waitingTasks === 0 || oldestWaitSeconds < limits.waitSeconds) {
    return missing;
  }
  const booting = active.filter(({ agent }) => agent === null).length;
  return Math.max(missing, Math.ceil(waitingTasks / limits.slotsPerMachine) - booting);
}

function roomFor(limits: ProvisionLimits, left: readonly MachineState[], hourlyMicros: number | null): number {
  const cost = left.reduce((sum, machine) => sum + machine.hourlyMicros, 0);
  // Where the limit is passed already, not even a machine that costs nothing is taken.
  if (hourlyMicros === null || cost > limits.maxHourlyMicros) {
    return 0;
  }
  const affordable = hourlyMicros === 0 ? Number.MAX_SAFE_INTEGER : Math.floor((limits.maxHourlyMicros - cost) / hourlyMicros);
  return Math.max(0, Math.min(limits.maxMachines - left.length, affordable));
}

function isIdleAtTheEnd({ billedSeconds, aheadSeconds }: ProvisionLimits, { ageSeconds, agent }: MachineState): boolean {
  return agent !== null && agent.runningTasks === 0 && ageSeconds % billedSeconds >= billedSeconds - aheadSeconds;
}
