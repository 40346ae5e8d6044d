/**
 * `npm run promises`: lists every promise, where it is kept and what proves it; ends with 1 when one is without a proof.
 * `npm run promises -- --run` also runs the proofs that need neither a database nor a browser.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPromises } from './checkPromises.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = checkPromises(root);
for (const { id, promise, where, proofs, tests, problems } of reports) {
  const mark = problems.length === 0 ? 'proven' : 'NOT PROVEN';
  console.log(`${id}  ${mark}  ${promise}`);
  console.log(`    kept in    ${where.join(', ') || '-'}`);
  console.log(`    proven by  ${proofs.join(', ') || '-'} (${tests.length} ${tests.length === 1 ? 'test' : 'tests'})`);
  for (const problem of problems) {
    console.log(`    problem    ${problem}`);
  }
}
const open = reports.filter(({ problems }) => problems.length > 0).map(({ id }) => id);
console.log(
  `\n${reports.length - open.length} of ${reports.length} promises are proven${open.length === 0 ? '.' : `; without a proof: ${open.join(', ')}.`}`,
);
process.exitCode = open.length === 0 ? 0 : 1;

if (process.argv.includes('--run')) {
  const cheap = [...new Set(reports.flatMap(({ proofs }) => proofs))].filter((proof) =>
    /^(server|captions|gpu-agent|scripts)\/.*\.test\.ts$/.test(proof),
  );
  const { status } = spawnSync(join(root, 'node_modules/.bin/vitest'), ['run', '--project', 'unit', ...cheap], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode ||= status ?? 1;
}
