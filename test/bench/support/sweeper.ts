/** Programs of the retention bench, each a process that answers in lines. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** What the sweeper shall do. */
export interface SweepOrder {
  /** The S3 server; null for the disk driver. */
  endpoint: string | null;
  /** Rests between batches as the product does. */
  isPaced: boolean;
  /** Workers at once. */
  workers: number;
  /** Stops before the next batch; null goes on until nothing is left. */
  endsAfterMs: number | null;
}

/** What it did. Memory is that of its process alone: before, and at the peak since. */
export interface SweepReport {
  swept: number;
  finished: number;
  planMs: number;
  totalMs: number;
  queriedMs: number;
  startMb: number;
  peakMb: number;
}

/** A program that is asked in lines and answers each with one. */
interface Program {
  firstLine: string;
  ask(line: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a program and waits for its first line. Throws when it ends before it has answered. */
async function startProgram(name: string, words: readonly string[], env: Record<string, string>): Promise<Program> {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, ['--import', 'tsx', path, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = (await lines.next()) as IteratorResult<string, undefined>;
    if (done === true) {
      throw new Error(`${name} ended before it had answered.`);
    }
    return value;
  };
  return {
    firstLine: await next(),
    ask(line) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    async stop() {
      child.stdin.end();
      child.kill('SIGTERM');
      await closed;
    },
  };
}

export interface Sweeper {
  run(order: SweepOrder): Promise<SweepReport>;
  stop(): Promise<void>;
}

/** Starts the sweeper's process on an installation. */
export async function startSweeper(env: Record<string, string>): Promise<Sweeper> {
  const program = await startProgram('sweeperProcess.ts', [], env);
  return {
    run: async (order) => JSON.parse(await program.ask(JSON.stringify(order))) as SweepReport,
    stop: () => program.stop(),
  };
}

export interface S3StandIn {
  endpoint: string;
  /** What was asked of it since the last time. */
  takeCounts(): Promise<{ deleteCalls: number; keys: number }>;
  stop(): Promise<void>;
}

/** Starts the stand-in of an S3 server in which every video has `perVideo` objects. */
export async function startS3StandIn(perVideo: number): Promise<S3StandIn> {
  const program = await startProgram('s3StandInProcess.ts', [String(perVideo)], {});
  const endpoint = `http://127.0.0.1:${program.firstLine}`;
  return {
    endpoint,
    takeCounts: async () => (await (await fetch(`${endpoint}/counts`)).json()) as { deleteCalls: number; keys: number },
    stop: () => program.stop(),
  };
}
