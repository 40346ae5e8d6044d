/**
 * `npm run dev`: the product with reloading. Vite builds the console again when it changes (reload the page); server and agent start
 * again when their sources change. Arguments go to the start, for example `npm run dev -- --data /tmp/dev --port 0`.
 */
import { spawn } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { install } from '../start/install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const consoleDirectory = join(root, 'node_modules', '.carmic-dev-console');
const watched = ['server', 'gpu-agent', 'start'];
const settleMs = 300;

await install(root, (text) => process.stdout.write(`${text} …\n`));
const vite = spawn(
  process.execPath,
  [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--watch', '--logLevel', 'warn', '--outDir', consoleDirectory, '--emptyOutDir'],
  {
    cwd: join(root, 'console'),
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
while (!existsSync(join(consoleDirectory, 'index.html')) && vite.exitCode === null) {
  await pause(200);
}

let isEnding = false;
let child = launch();
let timer;

for (const folder of watched) {
  watch(join(root, folder), { recursive: true }, (_, name) => {
    if (name !== null && /\.(ts|mjs)$/.test(name) && !/(^|\/)(node_modules|dist)\/|\.test\.ts$/.test(name)) {
      clearTimeout(timer);
      timer = setTimeout(() => restart(name), settleMs);
    }
  });
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    isEnding = true;
    vite.kill();
    child.kill(signal);
  });
}

function launch() {
  const started = spawn(process.execPath, [join(root, 'start/index.mjs'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { CARMIC_MODE: 'development', ...process.env, CARMIC_CONSOLE_DIR: consoleDirectory },
  });
  started.once('exit', (code) => {
    if (isEnding) {
      process.exit(code ?? 0);
    }
  });
  return started;
}

async function restart(name) {
  process.stdout.write(`\n${name} changed: starting again\n`);
  const old = child;
  if (old.exitCode === null && old.signalCode === null) {
    old.kill('SIGTERM');
    await new Promise((resolve) => old.once('exit', resolve));
  }
  if (!isEnding) {
    child = launch();
  }
}
