/**
 * The instance against the reference model, on encrypted files. A seed repeats a run:
 * `CARMIC_MODEL_SEED=7 CARMIC_MODEL_STEPS=5000 npx vitest run --project api test/api/retentionModel.test.ts`.
 */
import { expect, test } from 'vitest';
import { startInstance } from '../support/instance.ts';
import { reportModelRun, runModel } from '../support/modelRun.ts';
import { createRandom } from '../support/random.ts';
import { databaseFault, storageFaults } from '../support/storageFaults.ts';

const steps = Number(process.env['CARMIC_MODEL_STEPS'] ?? 60);
const seed = Number(process.env['CARMIC_MODEL_SEED'] ?? 1);

test('the instance does what the model says, through faults (R1, R2, R3, R5, R6)', { timeout: 120_000 + steps * 2000 }, async () => {
  const instance = await startInstance({ processes: ['web'] });
  const random = createRandom(seed);
  const faults = { ...storageFaults(random), ...databaseFault(instance, random) };
  try {
    const counts = await runModel({ instance, random, faults }, { seed, steps });
    reportModelRun({ seed, steps, ...counts });
    expect(counts['settling']).toBeGreaterThan(0);
    expect(Object.keys(counts).filter((name) => name.startsWith('fault: ')).length).toBeGreaterThan(0);
  } finally {
    await instance.stop();
  }
});
