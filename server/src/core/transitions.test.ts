import { describe, expect, test } from 'vitest';
import { taskTransitions } from '../agents/taskStates.ts';
import { clipTransitions } from '../clips/clipStates.ts';
import { renditionTransitions } from '../clips/renditionStates.ts';
import { videoTransitions } from '../library/videoStates.ts';
import { assertAllowed, sourcesOf, type Transitions } from './transitions.ts';

describe('a table of transitions', () => {
  test('lists the states from which one may be reached', () => {
    expect(sourcesOf(taskTransitions, 'leased')).toEqual(['queued']);
    expect(sourcesOf(videoTransitions, 'ready')).toEqual(['rendering']);
  });
  test('refuses a move that is not in it', () => {
    expect(() => assertAllowed(taskTransitions, ['done'], 'queued')).toThrow(/No transition from done to queued/);
    expect(() => assertAllowed(taskTransitions, ['leased'], 'queued')).not.toThrow();
  });
});

const isEnd = (table: Transitions<string>, state: string) => (table[state] ?? []).length === 0;

/** Every state from which `state` leads, in any number of moves. */
function reachable(table: Transitions<string>, state: string): Set<string> {
  const seen = new Set<string>();
  const todo = [state];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const to of table[next] ?? []) {
      if (!seen.has(to)) {
        seen.add(to);
        todo.push(to);
      }
    }
  }
  return seen;
}

test('a working state can always fail, so that nothing has to stay in it for ever', () => {
  for (const state of ['uploading', 'inspecting', 'transcribing', 'selecting', 'rendering'] as const) {
    expect(videoTransitions[state]).toContain('failed');
  }
  for (const state of ['queued', 'leased', 'verifying'] as const) {
    expect(taskTransitions[state]).toContain('failed');
    expect(taskTransitions[state]).toContain('cancelled');
  }
  for (const state of ['queued', 'rendering', 'verifying'] as const) {
    expect(renditionTransitions[state]).toContain('failed');
  }
});

test('a task that has ended stays so, and every video can be deleted', () => {
  for (const state of ['done', 'failed', 'cancelled']) {
    expect(isEnd(taskTransitions, state)).toBe(true);
  }
  for (const state of Object.keys(videoTransitions)) {
    expect(state === 'deleting' || reachable(videoTransitions, state).has('deleting')).toBe(true);
  }
});

test('a person may move a clip between any two states', () => {
  for (const [from, targets] of Object.entries(clipTransitions)) {
    expect([...targets, from].sort()).toEqual(['discarded', 'kept', 'suggested']);
  }
});
