import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { StartFailure } from './startFailure.ts';

/** The system's own way to install programs. */
export interface PackageManager {
  /** The command as this user types it: with sudo where it needs root. */
  readonly command: string;
  /** Runs it. Throws StartFailure (69) with the end of its output. */
  install(say: (text: string) => void): Promise<void>;
}

const managers = [
  { program: 'apt-get', steps: ['apt-get update', 'apt-get install -y --no-install-recommends ffmpeg'], prefix: 'sudo ' },
  { program: 'dnf', steps: ['dnf install -y ffmpeg'], prefix: 'sudo ' },
  { program: 'apk', steps: ['apk add --no-cache ffmpeg'], prefix: 'sudo ' },
  { program: 'pacman', steps: ['pacman -Sy --noconfirm ffmpeg'], prefix: 'sudo ' },
  { program: 'zypper', steps: ['zypper --non-interactive install ffmpeg'], prefix: 'sudo ' },
  { program: 'brew', steps: ['brew install ffmpeg'], prefix: '' },
] as const;

const systemFolders = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

/** Finds the package manager of this machine. */
export function findPackageManager(env: Readonly<Record<string, string | undefined>>): PackageManager | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), ...systemFolders];
  for (const { program, steps, prefix } of managers) {
    const path = folders.map((folder) => join(folder, program)).find(isProgram);
    if (path !== undefined) {
      const sudo = process.getuid?.() === 0 ? '' : prefix;
      const command = steps.map((step) => `${sudo}${step}`).join(' && ');
      return {
        command,
        async install(say) {
          for (const step of steps) {
            say(step);
            await runStep(path, step, command, say, env);
          }
        },
      };
    }
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function runStep(
  path: string,
  step: string,
  command: string,
  say: (text: string) => void,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const searchPath = [env['PATH'] ?? '', ...systemFolders].filter((part) => part !== '').join(delimiter);
  return new Promise((resolve, reject) => {
    const child = spawn(path, step.split(' ').slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, PATH: searchPath, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    });
    let output = '';
    const listen = (text: string) => {
      output = (output + text).slice(-20_000);
      const line = text.trim().split('\n').at(-1);
      if (line !== undefined && line !== '') {
        say(`${step}: ${line.slice(0, 80)}`);
      }
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
    const refuse = (why: string) => {
      const tail = output.trim().split('\n').slice(-6).join('\n  ');
      reject(
        new StartFailure(
          'unavailable',
          `ffmpeg is missing, and "${step}" ${why}:\n  ${tail}\nInstall ffmpeg 5 or newer yourself (${command}), or set FFMPEG_PATH to one.`,
        ),
      );
    };
    child.once('error', (error) => refuse(`could not be run (${error.message})`));
    child.once('close', (code, signal) => (code === 0 ? resolve() : refuse(`ended with ${code ?? signal}`)));
  });
}
