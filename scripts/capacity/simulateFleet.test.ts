import { describe, expect, test } from 'vitest';
import { fixedLimits } from '../../server/src/agents/provisioning/decide.ts';
import { createRandom } from './random.ts';
import { createHeap } from './heap.ts';
import { type Demand, type FleetReport, type Plant, simulateFleet } from './simulateFleet.ts';

const plant: Plant = {
  inspectPerSourceSecond: 0.03,
  renderPerClipSecond: 4,
  coresPerMachine: 4,
  bootSeconds: 180,
  neverComesUp: 0.05,
  silentPerHour: 0.05,
};
const demand: Demand = { peakVideosPerHour: 60, hours: 12, shortestMinutes: 10, longestMinutes: 120, clipsPerVideo: 10, clipSeconds: 40 };
const limits = {
  ...fixedLimits,
  minMachines: 0,
  maxMachines: 8,
  slotsPerMachine: 2,
  maxHourlyMicros: 1_000_000,
  waitSeconds: 120,
  bootSeconds: 900,
  drainSeconds: 3600,
};
const run = (more: { seed?: number; plant?: Partial<Plant>; limits?: Partial<typeof limits> } = {}): FleetReport =>
  simulateFleet({ ...plant, ...more.plant }, demand, { ...limits, ...more.limits }, 100_000, createRandom(more.seed ?? 1));

describe('a simulated fleet', () => {
  test('does every video, though machines fall silent and some never come up, and gives every machine back', () => {
    const report = run();
    expect(report.tasks).toBe(report.videos * 11);
    expect(report.videos).toBeGreaterThan(300);
    expect(report.tasksTakenBack).toBeGreaterThan(0);
    expect(report.rentedMachines).toBeGreaterThan(report.mostMachines);
    expect(report.machinesLeft).toBe(0);
    expect(report.busyShare).toBeGreaterThan(0.2);
    expect(report.busyShare).toBeLessThanOrEqual(1);
  });

  test('is the same for the same seed, and another for another', () => {
    expect(run()).toEqual(run());
    expect(run({ seed: 2 })).not.toEqual(run());
  });

  test('keeps within number and price, and never runs more tasks than it has places', () => {
    expect(run({ limits: { maxMachines: 3 } }).mostMachines).toBe(3);
    expect(run({ limits: { maxHourlyMicros: 250_000 } }).mostMachines).toBe(2);
    const { mostMachines, mostRunning } = run();
    expect(mostRunning).toBeLessThanOrEqual(mostMachines * limits.slotsPerMachine);
  });

  test('pays for at least the work that there is: nothing is done twice for free', () => {
    const steady = run({ plant: { neverComesUp: 0, silentPerHour: 1e-9 } });
    const cpuSeconds = steady.videoHours * 3600 * plant.inspectPerSourceSecond + steady.videos * 10 * 40 * plant.renderPerClipSecond;
    expect(steady.tasksTakenBack).toBe(0);
    expect(steady.busyShare * steady.paidMachineHours * 3600 * plant.coresPerMachine).toBeCloseTo(cpuSeconds, 3);
  });
});

describe('events', () => {
  test('come in the order of their time, and of the same time as they were put in', () => {
    const heap = createHeap();
    const seen: string[] = [];
    const random = createRandom(3);
    const times = Array.from({ length: 200 }, () => Math.floor(random() * 20));
    times.forEach((at, index) => heap.push(at, () => seen.push(`${String(at).padStart(2, '0')}-${String(index).padStart(3, '0')}`)));
    for (let next = heap.pop(); next !== null; next = heap.pop()) {
      next.work();
    }
    expect(seen).toEqual([...seen].sort());
    expect(seen).toHaveLength(200);
  });
});
