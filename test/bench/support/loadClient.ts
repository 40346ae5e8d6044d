/** A program that calls one address over many kept connections for a while and prints what it measured, away from the server's process. */
import { Agent, request } from 'node:http';

const [address = '', token = '', connectionsText = '1', secondsText = '1', method = 'GET', body = ''] = process.argv.slice(2);
const connections = Number(connectionsText);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const times: number[] = [];
const statuses = new Map<number, number>();
const endsAt = performance.now() + Number(secondsText) * 1000;

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

async function connection(): Promise<void> {
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    const status = await once();
    times.push(performance.now() - startedAt);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: connections }, connection));
const seconds = (performance.now() - startedAt) / 1000;
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
process.stdout.write(
  JSON.stringify({ perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), statuses: Object.fromEntries(statuses) }),
);
process.exit(0);
