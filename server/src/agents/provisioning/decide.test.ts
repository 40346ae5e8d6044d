import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type Decision, type MachineState, type ProvisionLimits, type QueueState } from './decide.ts';

const limits: ProvisionLimits = {
  minMachines: 0,
  maxMachines: 4,
  slotsPerMachine: 2,
  maxHourlyMicros: 1_000_000,
  waitSeconds: 120,
  bootSeconds: 900,
  silentSeconds: 600,
  drainSeconds: 3600,
  billedSeconds: 3600,
  aheadSeconds: 600,
};
const price = 100_000;
const calm: QueueState = { waitingTasks: 0, oldestWaitSeconds: 0 };
const busy = (waitingTasks: number): QueueState => ({ waitingTasks, oldestWaitSeconds: 200 });
const working = { runningTasks: 1, silentSeconds: 5, drainingSeconds: null };
const idle = { ...working, runningTasks: 0 };
const machine = (id: string, more: Partial<MachineState> = {}): MachineState => ({
  id,
  ageSeconds: 1000,
  hourlyMicros: price,
  agent: working,
  ...more,
});

describe('machines are rented', () => {
  test('for as many slots as tasks wait, when one has waited too long', () => {
    expect(decide(limits, [], busy(5), price).create).toBe(3);
    expect(decide(limits, [], { waitingTasks: 5, oldestWaitSeconds: 119 }, price).create).toBe(0);
  });

  test('less those that are on their way', () => {
    expect(decide(limits, [machine('a', { agent: null, ageSeconds: 60 })], busy(5), price).create).toBe(2);
  });

  test('up to the number and the price that are allowed', () => {
    expect(decide(limits, [machine('a'), machine('b')], busy(50), price).create).toBe(2);
    expect(decide({ ...limits, maxHourlyMicros: 250_000 }, [machine('a')], busy(50), price).create).toBe(1);
    expect(decide({ ...limits, maxHourlyMicros: 99_999 }, [], busy(50), price).create).toBe(0);
    expect(decide(limits, [], busy(50), null).create).toBe(0);
  });

  test('after those that were about to go are kept', () => {
    const going = machine('a', { agent: { ...working, drainingSeconds: 10 } });
    expect(decide(limits, [going], busy(4), price)).toEqual({ create: 1, drain: [], keep: ['a'], remove: [] });
  });
});

describe('machines are given back', () => {
  test('when idle near the end of an hour that is paid, and not before', () => {
    expect(decide(limits, [machine('a', { ageSeconds: 2900, agent: idle })], calm, price).drain).toEqual([]);
    expect(decide(limits, [machine('a', { ageSeconds: 3000, agent: idle })], calm, price).drain).toEqual(['a']);
    expect(decide(limits, [machine('a', { ageSeconds: 3000 })], calm, price).drain).toEqual([]);
    expect(decide({ ...limits, minMachines: 1 }, [machine('a', { ageSeconds: 3000, agent: idle })], calm, price).drain).toEqual([]);
  });

  test.each([
    ['emptied', machine('a', { agent: { ...idle, drainingSeconds: 1 } }), 'drained'],
    ['at work for longer than it may', machine('a', { agent: { ...working, drainingSeconds: 3600 } }), 'drain_took_too_long'],
    ['silent', machine('a', { agent: { ...working, silentSeconds: 600 } }), 'went_silent'],
    ['without an agent for too long', machine('a', { agent: null, ageSeconds: 900 }), 'never_came_up'],
  ])('when %s', (_, state, reason) => {
    expect(decide(limits, [state], calm, price).remove).toEqual([{ id: 'a', reason }]);
  });

  test('when the operator allows fewer: those without work first', () => {
    const machines = [machine('a'), machine('b', { agent: idle }), machine('c')];
    expect(decide({ ...limits, maxMachines: 2 }, machines, busy(9), price)).toEqual({ create: 0, drain: ['b'], keep: [], remove: [] });
    expect(decide({ ...limits, maxMachines: 0 }, machines, busy(9), price).drain).toEqual(['b', 'a', 'c']);
  });
});

const agents = fc.option(
  fc.record({ runningTasks: fc.nat(4), silentSeconds: fc.nat(1200), drainingSeconds: fc.option(fc.nat(7200), { nil: null }) }),
  { nil: null },
);
const machines = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), ageSeconds: fc.nat(20_000), hourlyMicros: fc.nat(300_000), agent: agents }),
  { selector: ({ id }) => id, maxLength: 12 },
);
const queues = fc.record({ waitingTasks: fc.nat(200), oldestWaitSeconds: fc.nat(1000) });
const someLimits = fc
  .record({ min: fc.nat(6), max: fc.nat(12), ceiling: fc.nat(2_000_000), slots: fc.integer({ min: 1, max: 8 }) })
  .map(({ min, max, ceiling, slots }): ProvisionLimits => {
    return { ...limits, minMachines: Math.min(min, max), maxMachines: max, maxHourlyMicros: ceiling, slotsPerMachine: slots };
  });

describe('whatever the state', () => {
  test('no limit is broken, and no machine with work is given back before its time', () => {
    fc.assert(
      fc.property(someLimits, machines, queues, fc.option(fc.nat(300_000), { nil: null }), (some, states, queue, nextPrice) => {
        const decision = decide(some, states, queue, nextPrice);
        const removed = new Set(decision.remove.map(({ id }) => id));
        const left = states.filter(({ id }) => !removed.has(id));
        expect(decision.create).toBeGreaterThanOrEqual(0);
        if (decision.create > 0) {
          const cost = left.reduce((sum, { hourlyMicros }) => sum + hourlyMicros, 0) + decision.create * (nextPrice ?? Infinity);
          expect(cost).toBeLessThanOrEqual(some.maxHourlyMicros);
          expect(left.length + decision.create).toBeLessThanOrEqual(some.maxMachines);
          expect(decision.drain).toEqual([]);
        }
        for (const id of removed) {
          const agent = states.find((state) => state.id === id)?.agent;
          const isWorking = (agent?.runningTasks ?? 0) > 0 && (agent?.silentSeconds ?? 0) < some.silentSeconds;
          expect(isWorking && (agent?.drainingSeconds ?? 0) < some.drainSeconds).toBe(false);
        }
        const drained = states.filter(({ id }) => decision.drain.includes(id));
        expect(drained.every(({ id, agent }) => agent !== null && agent.drainingSeconds === null && !removed.has(id))).toBe(true);
        expect(decision.keep.every((id) => !removed.has(id) && !decision.drain.includes(id))).toBe(true);
        expect(decide(some, [...states].reverse(), queue, nextPrice)).toEqual({
          ...decision,
          remove: expect.arrayContaining(decision.remove) as Decision['remove'],
          drain: decision.drain,
        });
      }),
      { numRuns: 2000 },
    );
  });

  test('a queue that ends leaves nothing behind: rounds go on until no machine is left', () => {
    fc.assert(
      fc.property(machines, (states) => {
        let there = [...states];
        for (let round = 0; round < 400 && there.length > 0; round += 1) {
          const { drain, keep, remove, create } = decide(limits, there, calm, price);
          expect([create, keep]).toEqual([0, []]);
          const gone = new Set(remove.map(({ id }) => id));
          there = there
            .filter(({ id }) => !gone.has(id))
            .map(({ id, ageSeconds, agent, hourlyMicros }) => ({
              id,
              hourlyMicros,
              ageSeconds: ageSeconds + 30,
              // Tasks end, machines come up, and those that drain do so for longer.
              agent: {
                runningTasks: 0,
                silentSeconds: 0,
                drainingSeconds: drain.includes(id)
                  ? 0
                  : agent === null || agent.drainingSeconds === null
                    ? null
                    : agent.drainingSeconds + 30,
              },
            }));
        }
        expect(there).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
