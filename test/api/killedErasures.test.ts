/** Deletions of encrypted files on a disk by two processes that are killed. Longer: `CARMIC_KILLS=50 npx vitest run --project api test/api/killedErasures.test.ts`. */
import { expect, test } from 'vitest';
import { startInstance } from '../support/instance.ts';
import { KilledErasures } from '../support/killedErasures.ts';
import { createRandom } from '../support/random.ts';

const kills = Number(process.env['CARMIC_KILLS'] ?? 8);
const seed = Number(process.env['CARMIC_KILLS_SEED'] ?? Date.now() % 100_000);

test(
  `kill -9 at ${kills} random points of erasures and sweeps by two processes at once (seed ${seed}) loses nothing and keeps nothing (R6)`,
  {
    timeout: 60_000 + kills * 60_000,
  },
  async () => {
    const instance = await startInstance({ processes: [] });
    try {
      const report = await new KilledErasures(instance, {}, createRandom(seed)).run(kills);
      expect(report.kills).toBe(kills);
      if (process.env['CARMIC_KILLS'] !== undefined) {
        process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
      }
    } finally {
      await instance.stop();
    }
  },
);
