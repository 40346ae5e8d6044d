/** The command line: what is asked for, what is printed, and with which code it ends. */
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArguments, type StartArguments, usage } from './arguments.ts';
import { checkInputs } from './checkInputs.ts';
import { createProgress, type Progress } from './progress.ts';
import { exitCodes, StartFailure } from './startFailure.ts';
import { type Instance, startInstance } from './startInstance.ts';
import { createStopping, npmParent, type Stopping } from './stopping.ts';

export interface MainOptions {
  /** The checkout. */
  root: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

const lastResortMs = 1000;

/** Runs the command and answers its exit code; every refusal is printed as a sentence. */
export async function main(options: MainOptions): Promise<number> {
  try {
    const args = parseArguments(options.args);
    if (args.wants !== 'run') {
      process.stdout.write(args.wants === 'help' ? usage : `${readVersion(options.root)}\n`);
      return 0;
    }
    return await run(args, options);
  } catch (error) {
    return printFailure(error, null);
  } finally {
    // Pooled sockets of the HTTP client would keep the process for a few seconds more.
    setTimeout(() => process.exit(), lastResortMs).unref();
  }
}

async function run(args: StartArguments, { root, env }: MainOptions): Promise<number> {
  const cwd = env['npm_lifecycle_event'] === undefined ? process.cwd() : (env['INIT_CWD'] ?? process.cwd());
  const inputs = checkInputs(args, cwd);
  const progress = createProgress(process.stdout);
  progress.say(`\n  Carmic ${readVersion(root)}\n`);
  const parentPid = npmParent(env);
  const stopping = createStopping(parentPid, (text) => progress.say(`\n  ${text}`));
  const dataPath = resolve(cwd, args.data ?? join(root, 'data'));
  watchFaults(stopping, dataPath);
  let code: number;
  try {
    const instance = await startInstance({ root, env, args, dataPath, parentPid, progress, stopping });
    announce(instance, progress, (Date.now() - performance.timeOrigin) / 1000);
    code = await serve(instance, { args, inputs, env, root, progress, stopping });
  } catch (error) {
    code =
      stopping.signal.aborted && !(error instanceof StartFailure)
        ? exitCodes.interrupted
        : printFailure(error, join(dataPath, 'logs'), progress);
  } finally {
    await stopping.unwind((label, error) =>
      progress.say(`  ${label} did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`),
    );
    progress.close();
    stopping.dispose();
  }
  return code;
}

interface ServeOptions {
  args: StartArguments;
  inputs: ReturnType<typeof checkInputs>;
  env: MainOptions['env'];
  root: string;
  progress: Progress;
  stopping: Stopping;
}

/** Does what was asked for beside serving the console, and stays until a stop is asked for (or, with --once, until it is done). */
async function serve(instance: Instance, { args, inputs, progress, stopping }: ServeOptions): Promise<number> {
  const ended = Promise.race([stopping.requested, instance.failed]);
  let demo: Promise<void> | undefined;
  if (inputs.videos.length > 0) {
    const { processFiles } = await import('./processFiles.ts');
    const work = processFiles({ instance, inputs, args, progress, signal: stopping.signal });
    const code = await Promise.race([work, instance.failed]);
    if (args.isOnce || stopping.signal.aborted) {
      return code;
    }
    progress.say(`\n  The console stays open at ${instance.baseUrl}. Stop with Ctrl-C.\n`);
  } else if (args.hasDemo) {
    const { needsDemo, showDemo } = await import('./demo.ts');
    if (needsDemo(instance)) {
      // The console is usable meanwhile; a demonstration that cannot be made is said, and is no reason to stop.
      demo = showDemo({ instance, progress, signal: stopping.signal }).catch((error: unknown) => {
        if (!stopping.signal.aborted) {
          progress.say(`  The demonstration video could not be made: ${error instanceof Error ? error.message : String(error)}`);
        }
      });
    }
  }
  await ended;
  await demo;
  return 0;
}

function announce(instance: Instance, progress: Progress, seconds: number): void {
  const link = instance.signInLink;
  const lines = [
    `\n  Ready in ${seconds.toFixed(1)} s\n`,
    `  Console   ${instance.baseUrl}`,
    ...(link === null ? [] : [`  Sign in   ${link}\n            (opens once; choose your password there)`]),
    `  Data      ${instance.data.path}`,
    `  Stop      Ctrl-C\n`,
  ];
  progress.say(lines.join('\n'));
}

function readVersion(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** Prints why it ended, and answers the exit code. Only a fault of ours shows a stack, and that goes to the log when there is one. */
function printFailure(error: unknown, logs: string | null, progress?: Progress): number {
  progress?.close();
  const isRefusal = error instanceof Error && error.name === 'StartError';
  if (isRefusal) {
    process.stderr.write(`\n${error.message}\n`);
    return error instanceof StartFailure ? error.exitCode : exitCodes.config;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (logs === null || !writeLog(logs, text)) {
    process.stderr.write(`\nCarmic ended by a fault of its own:\n${text}\n`);
    return exitCodes.software;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`\nCarmic ended by a fault of its own: ${message}\nThe details are in ${join(logs, 'start.log')}.\n`);
  return exitCodes.software;
}

function writeLog(logs: string, text: string): boolean {
  try {
    mkdirSync(logs, { recursive: true, mode: 0o700 });
    const file = openSync(join(logs, 'start.log'), 'a', 0o600);
    writeSync(file, `${new Date().toISOString()} ${text}\n`);
    closeSync(file);
    return true;
  } catch {
    // A full or read-only disk: the caller prints it instead.
    return false;
  }
}

/** An error nobody waited for must not leave PostgreSQL and the agent behind: it is logged, and the shutdown is in order. */
function watchFaults(stopping: Stopping, dataPath: string): void {
  const onFault = (error: unknown) => {
    process.exitCode = printFailure(error, join(dataPath, 'logs'));
    stopping.request();
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}
