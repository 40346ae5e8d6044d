/**
 * Writes docs/openapi.json from the contract's route table (`npm run openapi`), or with `--check` says whether it is up to date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOpenApi } from './buildOpenApi.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const path = join(root, 'docs', 'openapi.json');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const wanted = `${JSON.stringify(buildOpenApi(version), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(path, wanted);
  process.stdout.write(`Wrote docs/openapi.json.\n`);
} else if (!existsSync(path) || readFileSync(path, 'utf8') !== wanted) {
  process.stderr.write('docs/openapi.json does not fit the contract: run "npm run openapi" and commit it.\n');
  process.exitCode = 1;
}
