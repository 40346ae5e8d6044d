/** `npm run move-storage`: moves objects from CARMIC_STORAGE_MOVE_FROM to CARMIC_STORAGE, while the server runs with the same settings. */
import { systemClock } from './core/clock.ts';
import { readEnv } from './core/env.ts';
import { StartError } from './core/errors.ts';
import { openKeysForCommand } from './keyring/openInstanceKeys.ts';
import { moveObjects } from './storage/moveObjects.ts';
import { openDriver, requireSoundStore } from './storage/storeFromEnv.ts';

const sayEveryMs = 5000;

async function run(): Promise<number> {
  const env = readEnv(process.env);
  const { CARMIC_STORAGE: to, CARMIC_STORAGE_MOVE_FROM: from } = env;
  if (from === undefined || from === to) {
    throw new StartError('Name the former storage in CARMIC_STORAGE_MOVE_FROM and the new one in CARMIC_STORAGE, as the server has them.');
  }
  const { rootKeys, secret } = await openKeysForCommand(env);
  const surroundings = { rootKeys, secret, baseUrl: () => env.CARMIC_BASE_URL ?? '', clock: systemClock(0) };
  const former = await openDriver(env, from, surroundings);
  const next = await openDriver(env, to, surroundings);
  await requireSoundStore(next);
  let saidAtMs = performance.now();
  const report = await moveObjects(former, next, ({ movedBytes, movedCount }) => {
    if (performance.now() - saidAtMs > sayEveryMs) {
      saidAtMs = performance.now();
      process.stdout.write(`${movedCount} objects, ${(movedBytes / 1e9).toFixed(2)} GB moved ...\n`);
    }
  });
  for (const { key, reason } of report.failures) {
    process.stderr.write(`${key} stays: ${reason}\n`);
  }
  const { failures, movedBytes, movedCount, openUploadCount } = report;
  process.stdout.write(
    `${movedCount} objects, ${(movedBytes / 1e9).toFixed(2)} GB moved from ${from} to ${to}; ${failures.length} stay.\n`,
  );
  if (openUploadCount > 0) {
    process.stdout.write(`${openUploadCount} uploads are still open in the former storage: run this again when they have ended.\n`);
  }
  return failures.length === 0 && openUploadCount === 0 ? 0 : 1;
}

run().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof StartError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(error instanceof StartError ? 78 : 1);
  },
);
