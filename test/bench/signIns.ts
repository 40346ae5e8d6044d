/**
 * The sign-in bench: what people who sign in without pause cost others, who read a page of clips. Both are measured in turns of one run, with
 * sign-ins and without, so that a busy machine meets both.
 */
import { startBenchServer } from './support/benchServer.ts';
import { password, seedClipPage } from './support/clipPage.ts';
import { type Load, load } from './support/load.ts';

const readers = 4;
const people = 2;
const turns = 3;
const turnSeconds = 4;

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const round = (value: number) => Number(value.toFixed(2));

/** What one turn came to. */
export interface SignInTurn {
  quiet: Load;
  busy: Load;
  signIns: Load;
}

/** Reads alone and beside sign-ins, in turns. `as` of a call is what it is made with. */
export async function measureSignIns(as: {
  page: string;
  token: string;
  sessions: string;
  email: string;
  password: string;
}): Promise<SignInTurn[]> {
  const read = () => load(as.page, as.token, { connections: readers, seconds: turnSeconds });
  const beside = async () => {
    const stopping = new AbortController();
    const running = load(as.sessions, '', {
      connections: people,
      seconds: 10 * turnSeconds,
      method: 'POST',
      body: JSON.stringify({ email: as.email, password: as.password }),
      expected: 201,
      signal: stopping.signal,
    });
    // Its process starts meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const busy = await read();
    stopping.abort();
    return { busy, signIns: await running };
  };
  const measured: SignInTurn[] = [];
  for (let turn = 0; turn < turns; turn++) {
    if (turn % 2 === 0) {
      const quiet = await read();
      measured.push({ quiet, ...(await beside()) });
    } else {
      const both = await beside();
      measured.push({ quiet: await read(), ...both });
    }
    process.stdout.write(`${JSON.stringify(measured.at(-1))}\n`);
  }
  return measured;
}

/** Medians over the turns, and ratios of what was measured in one turn. */
export function summarizeSignIns(measured: readonly SignInTurn[]): Record<string, number> {
  const over = (figure: (turn: SignInTurn) => number) => round(median(measured.map(figure)));
  return {
    signInsPerSecond: over(({ signIns }) => signIns.perSecond),
    signInP50Ms: over(({ signIns }) => signIns.p50Ms),
    readP50Ms: over(({ quiet }) => quiet.p50Ms),
    readP50MsBesideSignIns: over(({ busy }) => busy.p50Ms),
    readP50Ratio: over(({ quiet, busy }) => busy.p50Ms / quiet.p50Ms),
    readP99Ms: over(({ quiet }) => quiet.p99Ms),
    readP99MsBesideSignIns: over(({ busy }) => busy.p99Ms),
    readP99Ratio: over(({ quiet, busy }) => busy.p99Ms / quiet.p99Ms),
  };
}

/** Measures. */
export async function benchSignIns(): Promise<Record<string, unknown>> {
  const { server, stop } = await startBenchServer({
    env: { CARMIC_DATABASE_POOL: '10', CARMIC_PORT: '0', CARMIC_RATE_LIMIT_PER_MINUTE: '1000000000' },
    processes: ['web'],
  });
  try {
    const { token, videoId, email } = await seedClipPage(server.deps);
    const page = `${server.baseUrl}/api/v1/videos/${videoId}/clips`;
    await load(page, token, { connections: 16, seconds: 5 });
    const measured = await measureSignIns({ page, token, sessions: `${server.baseUrl}/api/v1/sessions`, email, password });
    return summarizeSignIns(measured);
  } finally {
    await stop();
  }
}
