/**
 * What a fleet of rented agents does with a day of videos: a simulation of queue, machines and tasks, event by event, in which the product's own
 * `decide` rents and gives back. The same seed gives the same figures. What it leaves out: fairness between workspaces (one queue, first in,
 * first out), and everything that is not media work.
 */
import {
  decide,
  type MachineState,
  mostPerRound,
  type ProvisionLimits,
  roundSeconds,
} from '../../server/src/agents/provisioning/decide.ts';
import { createHeap } from './heap.ts';

/** Processor seconds that the work takes, and what a machine has. */
export interface Plant {
  inspectPerSourceSecond: number;
  /** Rendering and looking for faces together. */
  renderPerClipSecond: number;
  coresPerMachine: number;
  /** From the order until its agent asks for work. */
  bootSeconds: number;
  /** Shares of machines that never come up, and that fall silent in an hour. */
  neverComesUp: number;
  silentPerHour: number;
}

/** Videos that come in: as a day goes, with its peak in the middle. */
export interface Demand {
  peakVideosPerHour: number;
  hours: number;
  shortestMinutes: number;
  longestMinutes: number;
  clipsPerVideo: number;
  clipSeconds: number;
}

export interface FleetReport {
  videos: number;
  videoHours: number;
  tasks: number;
  mostMachines: number;
  rentedMachines: number;
  paidMachineHours: number;
  /** Share of what was paid for in which slots worked. */
  busyShare: number;
  waitSeconds: { median: number; p95: number };
  /** From the upload to the last clip. */
  doneSeconds: { median: number; p95: number };
  /** Largest number of tasks that ran at once. */
  mostRunning: number;
  machinesLeft: number;
  tasksTakenBack: number;
}

interface Video {
  arrivedAt: number;
  seconds: number;
  clipsLeft: number;
}
interface Task {
  video: Video;
  isInspection: boolean;
  queuedAt: number;
}
interface Machine {
  id: string;
  bornAt: number;
  isUp: boolean;
  silentSince: number | null;
  drainingSince: number | null;
  isGone: boolean;
  /** Counted up when it is to go, so that what it asked before is void. */
  turn: number;
  running: Set<Task>;
}

/** Seconds until a task of a silent agent is back in the queue: the lease (CARMIC_LEASE_SECONDS) and a round of the watchdog. */
const takenBackSeconds = 45;

/** Simulates until every video is done and every machine is given back. `hourlyMicros` is what a machine costs. */
export function simulateFleet(
  plant: Plant,
  demand: Demand,
  limits: ProvisionLimits,
  hourlyMicros: number,
  random: () => number,
): FleetReport {
  const events = createHeap();
  const machines = new Map<string, Machine>();
  const free: { machine: Machine; turn: number }[] = [];
  const queue: Task[] = [];
  const waits: number[] = [];
  const dones: number[] = [];
  let [now, freeAt, queueAt, arrivals, running, busySeconds] = [0, 0, 0, 0, 0, 0];
  const report = {
    videos: 0,
    videoHours: 0,
    tasks: 0,
    mostMachines: 0,
    rentedMachines: 0,
    paidMachineHours: 0,
    mostRunning: 0,
    tasksTakenBack: 0,
  };
  const at = (seconds: number, work: () => void) => events.push(now + seconds, work);
  const secondsOf = ({ isInspection, video }: Task) =>
    ((isInspection ? plant.inspectPerSourceSecond * video.seconds : plant.renderPerClipSecond * demand.clipSeconds) *
      limits.slotsPerMachine) /
    plant.coresPerMachine;
  const canWork = ({ drainingSince, isGone, silentSince }: Machine) => !isGone && drainingSince === null && silentSince === null;

  const enqueue = (task: Task) => {
    queue.push(task);
    dispatch();
  };
  // The slot that has asked the longest gets the task that has waited the longest.
  function dispatch(): void {
    while (queueAt < queue.length && freeAt < free.length) {
      const asking = free[freeAt++];
      if (asking === undefined || asking.turn !== asking.machine.turn || !canWork(asking.machine)) {
        continue;
      }
      const task = queue[queueAt++];
      if (task !== undefined) {
        start(asking.machine, task);
      }
    }
    [freeAt, queueAt] = [compact(free, freeAt), compact(queue, queueAt)];
  }
  function start(machine: Machine, task: Task): void {
    machine.running.add(task);
    waits.push(now - task.queuedAt);
    report.mostRunning = Math.max(report.mostRunning, ++running);
    const seconds = secondsOf(task);
    at(seconds, () => {
      // A machine that fell silent or was taken away has lost it in between.
      if (machine.running.delete(task)) {
        running -= 1;
        busySeconds += seconds;
        finish(task);
        offer(machine, 1);
      }
    });
  }
  function finish({ isInspection, video }: Task): void {
    report.tasks += 1;
    if (isInspection) {
      for (let clip = 0; clip < demand.clipsPerVideo; clip += 1) {
        enqueue({ video, isInspection: false, queuedAt: now });
      }
      return;
    }
    video.clipsLeft -= 1;
    if (video.clipsLeft === 0) {
      report.videos += 1;
      report.videoHours += video.seconds / 3600;
      dones.push(now - video.arrivedAt);
    }
  }
  function offer(machine: Machine, slots: number): void {
    if (canWork(machine)) {
      for (let slot = 0; slot < slots; slot += 1) {
        free.push({ machine, turn: machine.turn });
      }
      dispatch();
    }
  }
  function lose(machine: Machine): void {
    const tasks = [...machine.running];
    machine.running.clear();
    running -= tasks.length;
    report.tasksTakenBack += tasks.length;
    at(takenBackSeconds, () => tasks.forEach((task) => enqueue({ ...task, queuedAt: now })));
  }
  function rent(): void {
    const machine: Machine = {
      id: `m${report.rentedMachines++}`,
      bornAt: now,
      isUp: false,
      silentSince: null,
      drainingSince: null,
      isGone: false,
      turn: 0,
      running: new Set(),
    };
    machines.set(machine.id, machine);
    report.mostMachines = Math.max(report.mostMachines, machines.size);
    if (random() < plant.neverComesUp) {
      return;
    }
    at(plant.bootSeconds, () => {
      machine.isUp = !machine.isGone;
      offer(machine, limits.slotsPerMachine);
    });
    at(-Math.log(1 - random()) * (3600 / plant.silentPerHour), () => {
      if (!machine.isGone && machine.isUp) {
        machine.silentSince = now;
        lose(machine);
      }
    });
  }
  function giveBack(machine: Machine): void {
    machine.isGone = true;
    machines.delete(machine.id);
    report.paidMachineHours += Math.ceil(Math.max(1, now - machine.bornAt) / limits.billedSeconds) * (limits.billedSeconds / 3600);
    lose(machine);
  }
  const stateOf = (machine: Machine): MachineState => ({
    id: machine.id,
    ageSeconds: now - machine.bornAt,
    hourlyMicros,
    agent: machine.isUp
      ? {
          runningTasks: machine.running.size,
          silentSeconds: machine.silentSince === null ? 0 : now - machine.silentSince,
          drainingSeconds: machine.drainingSince === null ? null : now - machine.drainingSince,
        }
      : null,
  });
  function round(): void {
    const oldest = queue[queueAt];
    const state = { waitingTasks: queue.length - queueAt, oldestWaitSeconds: oldest === undefined ? 0 : now - oldest.queuedAt };
    const decision = decide(limits, [...machines.values()].map(stateOf), state, hourlyMicros);
    for (const machine of decision.drain.flatMap((id) => machines.get(id) ?? [])) {
      machine.drainingSince ??= now;
      machine.turn += 1;
    }
    for (const machine of decision.keep.flatMap((id) => machines.get(id) ?? [])) {
      machine.drainingSince = null;
      offer(machine, limits.slotsPerMachine - machine.running.size);
    }
    for (const machine of decision.remove.flatMap(({ id }) => machines.get(id) ?? [])) {
      giveBack(machine);
    }
    for (let count = Math.min(decision.create, mostPerRound); count > 0; count -= 1) {
      rent();
    }
    if (now < demand.hours * 3600 || machines.size > 0 || report.videos < arrivals) {
      at(roundSeconds, round);
    }
  }
  function arrive(): void {
    const peakPerSecond = demand.peakVideosPerHour / 3600;
    at(-Math.log(1 - random()) / peakPerSecond, () => {
      if (now >= demand.hours * 3600) {
        return;
      }
      // Thinning (Lewis and Shedler 1979): a quarter of the peak at night, all of it at midday.
      if (random() < 0.25 + 0.75 * Math.sin((Math.PI * now) / (demand.hours * 3600)) ** 2) {
        arrivals += 1;
        const minutes = demand.shortestMinutes * (demand.longestMinutes / demand.shortestMinutes) ** random();
        enqueue({ video: { arrivedAt: now, seconds: minutes * 60, clipsLeft: demand.clipsPerVideo }, isInspection: true, queuedAt: now });
      }
      arrive();
    });
  }

  arrive();
  round();
  for (let next = events.pop(); next !== null; next = events.pop()) {
    now = next.at;
    next.work();
  }
  return {
    ...report,
    machinesLeft: machines.size,
    busyShare: busySeconds / (report.paidMachineHours * 3600 * limits.slotsPerMachine),
    waitSeconds: { median: quantile(waits, 0.5), p95: quantile(waits, 0.95) },
    doneSeconds: { median: quantile(dones, 0.5), p95: quantile(dones, 0.95) },
  };
}

/** Forgets what was taken from the front of a queue, now and then. */
function compact(items: unknown[], from: number): number {
  if (from < 50_000 || from * 2 < items.length) {
    return from;
  }
  items.splice(0, from);
  return 0;
}

function quantile(values: number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
