import { ApiError, type AgentLogLine } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { createAgentLog } from '../agentLog.ts';
import { sendLog } from './sendLog.ts';

const env = { CARMIC_LOG_LEVEL: 'debug', CARMIC_AGENT_NAME: 'studio' } as const;

describe('sendLog', () => {
  /** A server that takes lines, or answers what `refuse` says. */
  function start() {
    const { log, lines } = createAgentLog(env);
    const sent: AgentLogLine[] = [];
    const state: { refuse: Error | null; calls: number } = { refuse: null, calls: 0 };
    const ended = new AbortController();
    const client = {
      sendLog: (batch: AgentLogLine[]) => {
        state.calls += 1;
        if (state.refuse !== null) {
          return Promise.reject(state.refuse);
        }
        sent.push(...batch);
        return Promise.resolve();
      },
    };
    const sending = sendLog(client, lines, ended.signal, 10);
    const end = () => {
      ended.abort();
      return sending;
    };
    return { log, sent, state, end };
  }

  it('hands over what is said from `info` on, with its fields, every few seconds and at the end', async () => {
    const { log, sent, end } = start();
    log.debug({ args: ['https://storage/?signature=1'] }, 'said to the host only');
    log.child({ taskId: 'a' }).warn({ err: new TypeError('a private title') }, 'went wrong');
    await expect
      .poll(() => sent)
      .toEqual([
        {
          at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
          level: 'warn',
          text: 'went wrong',
          fields: { taskId: 'a', err: { type: 'TypeError', at: expect.any(Array) as string[] } },
        },
      ]);
    expect(JSON.stringify(sent)).not.toContain('private');
    log.info('the last words');
    await end();
    expect(sent.map(({ text }) => text)).toEqual(['went wrong', 'the last words']);
  });

  it('keeps the newest lines in their order while the server is away', async () => {
    const { log, sent, state, end } = start();
    state.refuse = new TypeError('fetch failed');
    for (let number = 0; number < 520; number++) {
      log.info(`line ${number}`);
    }
    await expect.poll(() => state.calls).toBeGreaterThan(2);
    log.info('line 520');
    state.refuse = null;
    await end();
    expect(sent.map(({ text }) => text)).toEqual(Array.from({ length: 500 }, (_, index) => `line ${index + 21}`));
  });

  it('asks a server no more that knows no logs', async () => {
    const { log, state, end } = start();
    state.refuse = new ApiError(404, 'not_found', 'There is no such route.');
    log.info('a line');
    await expect.poll(() => state.calls).toBe(1);
    log.info('another line');
    await end();
    expect(state.calls).toBe(1);
  });
});
