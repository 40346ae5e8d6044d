/** The real start command as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface StartProcess {
  readonly child: ChildProcess;
  /** Everything it has printed. */
  output(): string;
  /** Resolves when the console can be opened; rejects with the output when the start ends instead. */
  ready(): Promise<{ baseUrl: string; signInToken: string | null; seconds: number }>;
  /** Resolves with its exit code (or the signal's name). */
  ended: Promise<number | string>;
}

/** Runs `node start/index.mjs` with arguments; the environment is this process's without the tests' own settings. */
export function startCommand(args: readonly string[], env: Record<string, string> = {}): StartProcess {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CARMIC_|VITEST|npm_|INIT_CWD)/.test(name)));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(root, 'start', 'index.mjs'), ...args], {
    cwd: root,
    env: { ...inherited, CARMIC_MODE: 'test', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let secondsToReady = 0;
  const listen = (text: string) => {
    output += text;
    secondsToReady ||= output.includes('Ready in') ? (performance.now() - startedAt) / 1000 : 0;
  };
  child.stdout.setEncoding('utf8').on('data', listen);
  child.stderr.setEncoding('utf8').on('data', listen);
  const ended = new Promise<number | string>((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? -1)));

  return {
    child,
    output: () => output,
    ended,
    async ready() {
      let isOver = false;
      void ended.then(() => (isOver = true));
      for (;;) {
        const baseUrl = /Console {3}(http\S+)/.exec(output)?.[1];
        if (baseUrl !== undefined && output.includes('Stop ')) {
          return { baseUrl, signInToken: /token=(\S+)/.exec(output)?.[1] ?? null, seconds: secondsToReady };
        }
        if (isOver) {
          throw new Error(`The start ended instead of getting ready:\n${output}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

/** Command lines of the processes that name a folder, this process and its parents left out (Linux only). */
export function processesNaming(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
        return command.includes(folder) || environment.includes(`CARMIC_AGENT_DIR=${folder}`) ? [command.slice(0, 200)] : [];
      } catch {
        // It ended meanwhile, or is another user's.
        return [];
      }
    });
}
