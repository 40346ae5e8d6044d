/** A program that calls one address over many kept connections for a while and prints what it measured, away from the server's process. */
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';

const [address = '', token = '', connectionsText = '1', secondsText = '1', method = 'GET', body = '', perSecondText = '0'] =
  process.argv.slice(2);
const connections = Number(connectionsText);
/** Between two calls of one connection; 0 calls again as soon as there is an answer. */
const stepMs = Number(perSecondText) === 0 ? 0 : (1000 * connections) / Number(perSecondText);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const times: number[] = [];
/** When each call was due (milliseconds since 1970) and how long it took; of calls at fixed times only. */
const samples: [number, number][] = [];
const statuses = new Map<number, number>();
const begunAt = performance.now();
let endsAt = begunAt + Number(secondsText) * 1000;
process.once('SIGTERM', () => {
  endsAt = performance.now();
});

function once(): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(body === '' ? {} : { 'content-type': 'application/json' }) };
    const call = request(
      address,
      { agent, method, headers: token === '' ? { 'content-type': 'application/json' } : headers },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', reject);
      },
    );
    call.once('error', reject);
    call.end(body);
  });
}

async function connection(index: number): Promise<void> {
  for (let dueAt = begunAt + (index / connections) * stepMs; performance.now() < endsAt; dueAt += stepMs) {
    if (stepMs > 0) {
      await setTimeout(Math.max(0, dueAt - performance.now()));
    }
    // From the time it was due: a call that waits for the one before it has waited for the server too.
    const startedAt = stepMs > 0 ? dueAt : performance.now();
    const status = await once();
    const took = performance.now() - startedAt;
    times.push(took);
    if (stepMs > 0) {
      samples.push([performance.timeOrigin + dueAt, took]);
    }
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
}

await Promise.all(Array.from({ length: connections }, (_, index) => connection(index)));
const seconds = (performance.now() - begunAt) / 1000;
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
process.stdout.write(
  JSON.stringify({
    perSecond: times.length / seconds,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    statuses: Object.fromEntries(statuses),
    samples,
  }),
);
process.exit(0);
