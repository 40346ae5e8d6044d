/**
 * The way in: `npm start`. Checks Node, installs the packages when they are missing or stale, then runs start/main.ts in this process.
 * Plain JavaScript that any Node can parse, so that an old one gets a sentence instead of a syntax error.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`\n${error.name === 'StartError' ? error.message : (error.stack ?? error)}\n`);
  process.exitCode = error.exitCode ?? 70;
}

async function run() {
  const { install, InstallError, isNodeSupported } = await import('./install.mjs');
  if (!isNodeSupported(process.versions.node)) {
    throw new InstallError(
      `Carmic needs Node 20.19 or newer, and this is Node ${process.versions.node}. Get a newer one from https://nodejs.org.`,
      69,
    );
  }
  const isTty = process.stdout.isTTY === true;
  const seconds = await install(root, (text) => process.stdout.write(isTty ? `\r\x1b[K  ${text} …` : `${text} …\n`));
  if (seconds !== null) {
    process.stdout.write(`${isTty ? '\r\x1b[K' : ''}  Packages installed in ${seconds.toFixed(0)} s\n`);
  }
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import('./main.ts');
  return main({ root, args: process.argv.slice(2), env: process.env });
}
