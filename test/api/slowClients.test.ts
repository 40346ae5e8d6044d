/** Clients that dawdle are cut off, and answers take as long for accounts that exist as for those that do not. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setTestPassword } from '../support/accounts.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await startInstance({
    processes: ['web'],
    env: { CARMIC_CLIENT_HEADERS_SECONDS: '1', CARMIC_CLIENT_BODY_SECONDS: '1.5', CARMIC_RATE_LIMIT_PER_MINUTE: '100000' },
  });
});
afterAll(() => instance.stop());

/** Sends `first`, then a byte every 100 ms, and answers what came back until the server hung up. */
async function dawdle(first: string): Promise<{ answer: string; seconds: number }> {
  const socket: Socket = connect(instance.server.port, '127.0.0.1');
  const startedAt = performance.now();
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined);
  socket.write(first);
  const drip = setInterval(() => socket.write('x'), 100);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(drip);
  return { answer, seconds: (performance.now() - startedAt) / 1000 };
}

test('a client that sends its headers or its body byte by byte is cut off, and others are answered meanwhile', async () => {
  const slow = [
    dawdle('GET /api/v1/instance HTTP/1.1\r\nhost: localhost\r\nx-slow: '),
    dawdle(
      'POST /api/v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{"email":"',
    ),
  ];
  const other = await fetch(new URL('/api/v1/instance', instance.baseUrl));
  expect(other.status).toBe(200);
  const [headers, body] = await Promise.all(slow);
  expect(headers?.answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(headers?.seconds).toBeLessThan(20);
  expect(headers?.seconds).toBeGreaterThan(0.9);
  expect(body?.answer === '' || /^HTTP\/1\.1 408 /.test(body?.answer ?? '')).toBe(true);
  expect(body?.seconds).toBeLessThan(20);
  expect(body?.seconds).toBeGreaterThan(1.4);
}, 60_000);

test('a sign-in with a wrong password takes as long for an account as for none, and says the same', async () => {
  const caller = await instance.createCaller();
  const known = await setTestPassword(instance, caller.userId, 'seven green bottles');
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const answers = new Set<string>();
  const round = async (kind: 'known' | 'unknown', index: number) => {
    const email = kind === 'known' ? known : `nobody-${index}@example.test`;
    const startedAt = performance.now();
    const response = await fetch(new URL('/api/v1/sessions', instance.baseUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: 'not this one' }),
    });
    const text = (await response.text()).replace(/"requestId":"[^"]*"/, '');
    times[kind].push(performance.now() - startedAt);
    answers.add(`${response.status} ${text}`);
  };
  await round('unknown', 99);
  times.unknown.pop();
  // One of each in turn, fewer than are throttled, so that a busy moment of the machine meets both.
  for (let index = 0; index < 9; index++) {
    await round('known', index);
    await round('unknown', index);
  }
  expect([...answers]).toHaveLength(1);
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const ratio = median(times.known) / median(times.unknown);
  // Without the same work for both it would be ten or more.
  expect(ratio).toBeGreaterThan(0.4);
  expect(ratio).toBeLessThan(2.5);
}, 60_000);
