import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, getPriority } from 'node:os';
import { describe, expect, test } from 'vitest';
import { hash, verify } from './hashing.ts';
import { verifyPassword } from './passwords.ts';

const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const many = 130;

/** Niceness of every thread of this process (proc(5), `stat`, the 19th field). */
const nicenesses = () =>
  readdirSync('/proc/self/task').map((thread) =>
    Number(
      readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[16],
    ),
  );

describe('hashing', () => {
  test('makes Argon2id hashes that open for their password only', async () => {
    const stored = await hash('seven green bottles', cost);
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verify(stored, 'seven green bottles')).toBe(true);
    expect(await verify(stored, 'seven green bottle')).toBe(false);
  });

  test('takes one processor fewer than there are, and the later turn where threads have priorities', async () => {
    const stored = await hash('seven green bottles', cost);
    await Promise.all(Array.from({ length: 20 }, () => verify(stored, 'no')));
    if (process.platform === 'linux') {
      const all = nicenesses();
      const lower = all.filter((nice) => nice === 10);
      expect(lower.length).toBeGreaterThan(0);
      expect(lower.length).toBeLessThanOrEqual(Math.max(1, availableParallelism() - 1));
      expect(all.filter((nice) => nice === getPriority()).length, 'the server’s own keep theirs').toBeGreaterThan(1);
    }
  });

  test('tells those who are too many to come again, and serves the others and whoever comes later', async () => {
    const stored = await hash('seven green bottles', cost);
    const outcomes = await Promise.allSettled(Array.from({ length: many }, () => verify(stored, 'seven green bottles')));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length).toBe(many - refused.length);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(many);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ code: 'unavailable', retryAfterSeconds: 3 });
    }
    expect(await verify(stored, 'seven green bottles')).toBe(true);
  });

  test('fails for a hash that is none, and goes on', async () => {
    await expect(verify('no hash', 'x')).rejects.toThrow();
    expect(await verify(await hash('x', cost), 'x')).toBe(true);
  });

  test('of nobody’s password is refused while too many wait, and answers again afterwards', async () => {
    const stored = await hash('x', cost);
    const crowd = Promise.allSettled(Array.from({ length: many }, () => verify(stored, 'x')));
    await expect(verifyPassword(null, 'x')).rejects.toMatchObject({ code: 'unavailable' });
    await crowd;
    expect(await verifyPassword(null, 'x')).toBe(false);
  });
});
