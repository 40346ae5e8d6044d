/**
 * The one place that starts ffmpeg and ffprobe: process group, limits, progress, and the end of it all.
 *
 * Every process has a group of its own and is killed as a group with SIGKILL (ffmpeg can sit on a SIGTERM for as long as a network
 * read takes). It dies with the agent however the agent dies, and what it may read, write and use is decided by the sandbox.
 */
import { spawn } from 'node:child_process';
import type { Logger } from 'pino';
import { requireGuarded } from './guard.ts';
import { killGroup } from './killGroup.ts';
import { createProgressReader, type FfmpegProgress } from './progress.ts';
import type { Sandbox } from './sandbox.ts';
import type { ProcessRegister } from './processRegister.ts';

export interface RunLimits {
  wallSeconds: number;
  /** Largest file it may write. */
  fileBytes: number;
}

export interface RunRequest {
  program: 'ffmpeg' | 'ffprobe';
  args: readonly string[];
  /** The only folder it may write to; its working directory. */
  directory: string;
  limits: RunLimits;
  signal: AbortSignal;
  /** Whether it reads the loopback source server; without it there is no network at all. */
  readsSource?: boolean;
  /** Whether it may open the graphics card. */
  usesGpu?: boolean;
  onProgress?: (progress: FfmpegProgress) => void;
  /** Takes standard output as it comes; without it, it is returned. A promise holds the program back until it settles. */
  onOutput?: (chunk: Buffer) => Promise<void> | void;
}

export interface RunResult {
  stdout: Buffer;
  /** The end of standard error. */
  stderr: string;
}

export type RunErrorReason = 'exit' | 'time_limit' | 'memory_limit' | 'file_limit' | 'disk_full' | 'start';

/** ffmpeg ended otherwise than well. An abort by signal throws the signal's reason instead. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly reason: RunErrorReason;
  readonly stderr: string;

  constructor(reason: RunErrorReason, message: string, stderr: string) {
    super(message);
    this.reason = reason;
    this.stderr = stderr;
  }
}

export type Run = (request: RunRequest) => Promise<RunResult>;

export interface RunnerOptions {
  ffmpegPath: string;
  ffprobePath: string;
  sandbox: Sandbox;
  register: ProcessRegister;
  log: Logger;
  /** How far ffmpeg stands back where processors are short; not at all by default. */
  nice?: number;
}

const keptStderrChars = 64_000;
const keptStdoutBytes = 32 * 1024 * 1024;

/** Makes the function that runs ffmpeg and ffprobe. */
export function createRunner({ ffmpegPath, ffprobePath, sandbox, register, log, nice = 0 }: RunnerOptions): Run {
  return async (request) => {
    request.signal.throwIfAborted();
    requireGuarded(request.program, request.args);
    const program = request.program === 'ffmpeg' ? ffmpegPath : ffprobePath;
    const args = request.onProgress ? [...request.args, '-progress', 'pipe:3'] : [...request.args];
    const confined = sandbox.wrap([program, ...args], {
      directory: request.directory,
      readsSource: request.readsSource ?? false,
      usesGpu: request.usesGpu ?? false,
      fileBytes: request.limits.fileBytes,
    });
    // What is started below inherits it; set from here it would come late for some of that.
    const [command = '', ...rest] = nice > 0 ? ['nice', '-n', String(nice), ...confined] : confined;
    log.debug({ program: request.program, args }, 'ffmpeg starts');
    return runGroup(command, rest, request, register);
  };
}

function runGroup(command: string, args: string[], request: RunRequest, register: ProcessRegister): Promise<RunResult> {
  const { promise, resolve, reject } = withResolvers<RunResult>();
  const child = spawn(command, args, {
    cwd: request.directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', HOME: request.directory, AV_LOG_FORCE_NOCOLOR: '1' },
  });
  const pid = child.pid;
  if (pid !== undefined) {
    register.add(pid);
  }
  const kill = () => {
    if (pid !== undefined) {
      killGroup(pid);
    }
  };
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, request.limits.wallSeconds * 1000);
  request.signal.addEventListener('abort', kill, { once: true });

  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-keptStderrChars);
  });
  const chunks: Buffer[] = [];
  let kept = 0;
  let taking: Promise<void> = Promise.resolve();
  let takeError: unknown = null;
  const { stdout } = child;
  stdout?.on('data', (chunk: Buffer) => {
    if (request.onOutput) {
      const taken = request.onOutput(chunk);
      if (taken) {
        stdout.pause();
        taking = taken.then(
          () => void stdout.resume(),
          (error: unknown) => {
            takeError = error;
            kill();
            stdout.resume();
          },
        );
      }
      return;
    }
    kept += chunk.length;
    if (kept <= keptStdoutBytes) {
      chunks.push(chunk);
    } else {
      kill();
    }
  });
  const progressPipe = child.stdio[3];
  if (progressPipe && 'setEncoding' in progressPipe) {
    const read = createProgressReader(request.onProgress ?? (() => undefined));
    progressPipe.setEncoding('utf8').on('data', read);
    progressPipe.on('error', () => undefined);
  }
  const settle = () => {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', kill);
    if (pid !== undefined) {
      register.remove(pid);
    }
  };
  child.once('error', (error) => {
    settle();
    reject(new RunError('start', `${command} does not start: ${error.message}`, ''));
  });
  child.once('close', (code, killedBy) => {
    settle();
    // A group member that outlived the leader would keep writing.
    kill();
    // What was read last may still be worked on.
    void taking.then(() => {
      if (request.signal.aborted) {
        reject(request.signal.reason);
      } else if (takeError !== null) {
        reject(takeError);
      } else if (code === 0) {
        resolve({ stdout: Buffer.concat(chunks), stderr });
      } else {
        reject(explain(request, stderr, isLate, kept > keptStdoutBytes, code, killedBy));
      }
    });
  });
  return promise;
}

function explain(
  request: RunRequest,
  stderr: string,
  isLate: boolean,
  isTalkative: boolean,
  code: number | null,
  killedBy: NodeJS.Signals | null,
): RunError {
  const { program, limits } = request;
  // The sandbox and the shell report a child's signal as 128 + its number.
  const isSignal = (name: NodeJS.Signals, number: number) => killedBy === name || code === 128 + number;
  if (isLate) {
    return new RunError('time_limit', `${program} took longer than ${Math.round(limits.wallSeconds)} s.`, stderr);
  }
  if (/cannot allocate memory|malloc .*failed|out of memory/i.test(stderr)) {
    return new RunError('memory_limit', `${program} wanted more memory than it may use.`, stderr);
  }
  if (/no space left on device/i.test(stderr)) {
    return new RunError('disk_full', 'The disk of the agent is full.', stderr);
  }
  if (isSignal('SIGXFSZ', 25) || /file too large/i.test(stderr)) {
    return new RunError('file_limit', `${program} wrote more than ${limits.fileBytes} bytes.`, stderr);
  }
  if (isSignal('SIGKILL', 9) && !isTalkative) {
    return new RunError('memory_limit', `${program} was killed by the system, most likely for its memory.`, stderr);
  }
  return new RunError('exit', `${program} ended with ${killedBy ?? code}: ${lastLine(stderr)}`, stderr);
}

/** The last line that is no note; where levels are written before lines, they are left out. */
function lastLine(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const telling = lines.filter((line) => !/\[info\] |Conversion failed!/.test(line) && line.trim() !== '');
  const last = telling.at(-1) ?? lines.at(-1) ?? '';
  return last.replace(/\[(?:error|fatal|warning)\] /, '').slice(0, 400);
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
