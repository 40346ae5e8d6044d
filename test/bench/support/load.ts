/** Calls from another process, so that whoever is measured does not pay for the calling. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const roundSeconds = 3;

/** What calling an address for a while came to. */
export interface Load {
  perSecond: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  statuses: Record<string, number>;
  /** When each call was due (milliseconds since 1970) and how long it took; empty without `perSecond`. */
  samples: [number, number][];
}

export interface LoadOptions {
  connections: number;
  seconds?: number;
  method?: string;
  body?: string;
  expected?: number;
  /** Calls at fixed times, so many a second over all connections, and counts from the time a call was due; without it as fast as answers come. */
  perSecond?: number;
  /** Ends the calls before their time. */
  signal?: AbortSignal;
}

/** Calls an address from another process. Throws when an answer is none of `expected`. */
export async function load(url: string, token: string, options: LoadOptions): Promise<Load> {
  const program = fileURLToPath(new URL('loadClient.ts', import.meta.url));
  const { connections, seconds = roundSeconds, method = 'GET', body = '', expected = 200, perSecond = 0 } = options;
  const words = [url, token, String(connections), String(seconds), method, body, String(perSecond)];
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  options.signal?.addEventListener('abort', () => child.kill('SIGTERM'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) {
    throw new Error(`The load client ended with ${String(code)}.`);
  }
  const result = JSON.parse(output) as Load;
  if (Object.keys(result.statuses).join() !== String(expected)) {
    throw new Error(`Answers other than ${expected}: ${JSON.stringify(result.statuses)}`);
  }
  return result;
}
