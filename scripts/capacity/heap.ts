/** What happens when, soonest first; of the same time what was put in first. */
export interface EventHeap {
  push(at: number, work: () => void): void;
  pop(): { at: number; work: () => void } | null;
}

interface Entry {
  at: number;
  order: number;
  work: () => void;
}

const isBefore = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Makes an empty binary heap of events. */
export function createHeap(): EventHeap {
  const entries: Entry[] = [];
  let order = 0;
  const swapUp = (start: number) => {
    for (let child = start; child > 0;) {
      const parent = (child - 1) >> 1;
      const [lower, upper] = [entries[child], entries[parent]];
      if (lower === undefined || upper === undefined || !isBefore(lower, upper)) {
        return;
      }
      [entries[child], entries[parent]] = [upper, lower];
      child = parent;
    }
  };
  const sinkDown = () => {
    for (let parent = 0; ;) {
      const [left, right] = [entries[2 * parent + 1], entries[2 * parent + 2]];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? 2 * parent + 2 : 2 * parent + 1;
      const [upper, lower] = [entries[parent], entries[child]];
      if (upper === undefined || lower === undefined || !isBefore(lower, upper)) {
        return;
      }
      [entries[parent], entries[child]] = [lower, upper];
      parent = child;
    }
  };
  return {
    push(at, work) {
      entries.push({ at, order: order++, work });
      swapUp(entries.length - 1);
    },
    pop() {
      const first = entries[0];
      const last = entries.pop();
      if (first === undefined || last === undefined) {
        return null;
      }
      if (entries.length > 0) {
        entries[0] = last;
        sinkDown();
      }
      return first;
    },
  };
}
