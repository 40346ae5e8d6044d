/**
 * Installs the npm packages when they are missing or stale. Plain JavaScript on Node's own modules: it runs before anything is installed.
 *
 * A stamp in node_modules names the lock file, the package files and the platform it was made for. Without a stamp, the tree that npm
 * itself says it installed is compared with the lock file, so that a tree somebody installed by hand is not installed again.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stampName = '.carmic-install.json';
const shownLines = 12;

/** A refusal with a sentence to act on and an exit code (sysexits.h). */
export class InstallError extends Error {
  name = 'StartError';
  /** @param {string} message @param {number} exitCode */
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Tells whether a Node version such as `20.19.0` is new enough. @param {string} version */
export function isNodeSupported(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

/** The state that node_modules has to be in, as one hash. @param {string} root */
export function wantedInstall(root) {
  const hash = createHash('sha256');
  hash.update(`${process.platform} ${process.arch} ${process.versions.modules}\n`);
  for (const file of ['package-lock.json', ...packageFiles(root)]) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** @param {string} root */
function packageFiles(root) {
  const { workspaces = [] } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return ['package.json', ...workspaces.map((/** @type {string} */ name) => join(name, 'package.json'))].filter((file) =>
    existsSync(join(root, file)),
  );
}

/**
 * What has to be done about node_modules: `fresh` is up to date, `missing` was never (wholly) installed, `stale` differs.
 * @param {string} root
 * @returns {'fresh' | 'missing' | 'stale'}
 */
export function installState(root) {
  const hidden = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (hidden === null) {
    return 'missing';
  }
  if (readJson(join(root, 'node_modules', stampName))?.hash === wantedInstall(root)) {
    return 'fresh';
  }
  return isTreeOf(readJson(join(root, 'package-lock.json')), hidden) ? 'fresh' : 'stale';
}

/** Tells whether npm's own record of what it installed fits the lock file. */
function isTreeOf(lock, hidden) {
  const wanted = lock?.packages ?? {};
  const installed = hidden?.packages ?? {};
  const has = Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || !path.includes('node_modules') || entry.link === true) {
      return true;
    }
    const found = installed[path];
    return found === undefined
      ? entry.optional === true || entry.devOptional === true || entry.peer === true
      : found.version === entry.version;
  });
  return has && Object.keys(installed).every((path) => !path.includes('node_modules') || path in wanted);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Makes sure that the packages are there. Answers the seconds it took, or null when there was nothing to do.
 * @param {string} root
 * @param {(text: string) => void} say called with a line whenever there is something to show
 */
export async function install(root, say) {
  const state = installState(root);
  if (state !== 'fresh') {
    const started = Date.now();
    say(state === 'missing' ? 'Installing packages (first start, about a minute)' : 'Installing packages (the list has changed)');
    await (state === 'missing' ? installAll(root, say) : runNpm(root, ['install', '--no-save'], say));
    writeStamp(root);
    return (Date.now() - started) / 1000;
  }
  writeStamp(root);
  return null;
}

/** A lock file that lacks something (a platform nobody had when it was written) is no reason to install nothing. */
async function installAll(root, say) {
  try {
    await runNpm(root, ['ci'], say);
  } catch (error) {
    if (!/can only install (packages )?when your package\.json and package-lock/.test(error.message)) {
      throw error;
    }
    await runNpm(root, ['install', '--no-save'], say);
  }
}

function writeStamp(root) {
  const path = join(root, 'node_modules', stampName);
  const hash = wantedInstall(root);
  if (readJson(path)?.hash === hash) {
    return;
  }
  try {
    writeFileSync(path, `${JSON.stringify({ hash })}\n`);
  } catch (error) {
    // Somebody else's checkout: it is compared again at the next start, which costs a few milliseconds.
    if (!['EACCES', 'EROFS', 'EPERM'].includes(error.code)) {
      throw error;
    }
  }
}

function runNpm(root, command, say) {
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  // Development packages are needed at run time (Vite builds the console), whatever NODE_ENV says.
  const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const [file, ...args] = [...npm, ...command, ...flags];
  return new Promise((resolve, reject) => {
    const output = [];
    const started = Date.now();
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: npmEnvironment() });
    const timer = setInterval(
      () => say(`Installing packages, ${Math.round((Date.now() - started) / 1000)} s`),
      process.stdout.isTTY ? 1000 : 15_000,
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => output.push(text));
    }
    child.on('error', (error) => {
      clearInterval(timer);
      reject(new InstallError(`npm cannot be started (${error.message}). Install npm 10 or newer, then run "npm start" again.`, 69));
    });
    child.on('close', (code, signal) => {
      clearInterval(timer);
      if (code === 0) {
        resolve(undefined);
        return;
      }
      reject(new InstallError(installFailure([npm.length > 1 ? 'npm' : file, ...command].join(' '), output.join(''), code ?? signal), 69));
    });
  });
}

/** The environment of the nested npm: without what the outer npm told its own script. */
function npmEnvironment() {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_(?!registry|cache|userconfig|proxy|https_proxy|noproxy|cafile)|lifecycle|package)/i.test(name),
  );
  return Object.fromEntries(entries);
}

function installFailure(command, output, code) {
  // npm says the reason first and ends with its own help.
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^npm error ?/, '').trimEnd())
    .filter((line) => line !== '' && !/^npm warn/.test(line))
    .slice(0, shownLines)
    .map((line) => `  ${line}`);
  const advice = /ENOSPC/.test(output)
    ? 'The disk is full: free some space'
    : /EACCES|EPERM|EROFS/.test(output)
      ? 'This folder may not be written to: start as its owner, or change its permissions'
      : /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET/.test(output)
        ? 'The npm registry was not reached: check the network (or "npm config get registry")'
        : 'See the lines above';
  return `The packages could not be installed ("${command}" ended with ${code}).\n${lines.join('\n')}\n${advice}, then run the command again.`;
}
