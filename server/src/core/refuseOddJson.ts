import { invalidInput } from './errors.ts';

/** Nothing of ours comes near; what is nested by the thousand would fill the stack of whoever walks through it. */
const deepest = 64;

/**
 * Refuses what no form forbids and nothing can take: NUL in a text or a name, which PostgreSQL's text and JSON cannot hold, and values nested too
 * deeply. Throws invalid_input.
 */
export function refuseOddJson(value: unknown, depth = 0): void {
  if (typeof value === 'string') {
    refuseNul(value);
  } else if (typeof value === 'object' && value !== null) {
    if (depth === deepest) {
      throw invalidInput(`Values may be nested ${deepest} levels deep at most.`);
    }
    for (const [name, each] of Object.entries(value)) {
      refuseNul(name);
      refuseOddJson(each, depth + 1);
    }
  }
}

function refuseNul(text: string): void {
  if (text.includes('\u0000')) {
    throw invalidInput('No text may hold the character NUL (U+0000).');
  }
}
