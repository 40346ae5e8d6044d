/** What agents hand over of their logs, and what administrators read of it. */
import { agentLogBatch, type AgentLogLine } from '@carmic/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepAgentLog } from '../../server/src/agents/agentLog.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';

let instance: TestInstance;
let admin: Caller;

beforeAll(async () => {
  instance = await startInstance();
  admin = await instance.createCaller({ isAdmin: true });
});
afterAll(() => instance.stop());

async function enrol(name: string): Promise<{ agent: ProtocolAgent; id: string }> {
  const agent = await enrolAgent(instance, ['inspect'], { name });
  const id = (await admin.call('listAgents')).items.find((item) => item.name === name)?.id ?? '';
  return { agent, id };
}

const line = (text: string, more: Partial<AgentLogLine> = {}): AgentLogLine => ({
  at: '2026-11-28T10:00:00.000Z',
  level: 'info',
  text,
  fields: {},
  ...more,
});
const say = (agent: ProtocolAgent, lines: AgentLogLine[]) => agent.call('createAgentLogLines', { body: { lines } });
const read = (id: string, query: { level?: 'warn' | 'error'; cursor?: string; limit?: number } = {}) =>
  admin.call('listAgentLogLines', { params: { id }, query });

test('lines are read newest first, by level and page by page, each agent’s for itself', async () => {
  const [one, other] = [await enrol('one'), await enrol('other')];
  await say(other.agent, [line('of the other')]);
  await say(one.agent, [line('first'), line('second', { level: 'warn' }), line('third', { level: 'error' })]);
  const all = await read(one.id);
  expect(all.items.map(({ text }) => text)).toEqual(['third', 'second', 'first']);
  expect(all.nextCursor).toBeNull();
  expect((await read(one.id, { level: 'warn' })).items.map(({ text }) => text)).toEqual(['third', 'second']);
  const page = await read(one.id, { limit: 2 });
  const next = await read(one.id, { limit: 2, cursor: page.nextCursor ?? '' });
  expect([...page.items, ...next.items]).toEqual(all.items);
  expect((await read(other.id)).items.map(({ text }) => text)).toEqual(['of the other']);
});

test('only fields of the data map are kept, and no credential (C4)', async () => {
  const { agent, id } = await enrol('talkative');
  const fields = {
    taskId: 'a',
    args: ['https://storage/?signature=1'],
    title: 'Our secret plan',
    failure: 'x'.repeat(5000),
    constructor: 'y',
  };
  await say(agent, [line('said too much', { fields })]);
  expect((await read(id)).items[0]?.fields).toEqual({ taskId: 'a', failure: 'x'.repeat(1000) });
});

test('no more than 1,000 lines of an agent stay, none for more than a week, and none of an agent that was removed', async () => {
  const { agent, id } = await enrol('busy');
  const { deps } = instance.server;
  const countOf = async (agentId: string) => {
    const [row] = await deps.db.asSystem((tx) =>
      deps.db.rows<{ n: number }>(tx, 'SELECT count(*)::int AS n FROM agent_log_lines WHERE agent_id = :agentId', { agentId }),
    );
    return row?.n;
  };
  for (let batch = 0; batch < 11; batch++) {
    await say(
      agent,
      Array.from({ length: agentLogBatch }, (_, index) => line(`line ${batch * agentLogBatch + index}`)),
    );
  }
  expect(await countOf(id)).toBe(1000);
  expect((await read(id)).items[0]?.text).toBe(`line ${11 * agentLogBatch - 1}`);

  const { now } = deps.clock;
  const sweepAfter = async (days: number) => {
    deps.clock.now = () => new Date(Date.now() + days * 86_400_000);
    await sweepAgentLog(deps).finally(() => (deps.clock.now = now));
  };
  await sweepAfter(6.9);
  expect(await countOf(id)).toBe(1000);
  await sweepAfter(7.1);
  expect(await countOf(id)).toBe(0);

  await say(agent, [line('last words')]);
  await admin.call('removeAgent', { params: { id } });
  await expect(read(id)).rejects.toMatchObject({ status: 404 });
  await expect(say(agent, [line('from the grave')])).rejects.toMatchObject({ status: 401 });
  await sweepAgentLog(deps);
  expect(await countOf(id)).toBe(0);
});

test('what is no line is refused, and nobody but administrators reads', async () => {
  const { agent, id } = await enrol('odd');
  await expect(say(agent, [])).rejects.toMatchObject({ status: 400 });
  await expect(say(agent, [line('x'.repeat(301))])).rejects.toMatchObject({ status: 400 });
  await expect(say(agent, [line('nul \u0000', { fields: { reason: 'a\u0000b' } })])).rejects.toMatchObject({ status: 400 });
  await expect(read(id, { cursor: 'x' })).rejects.toMatchObject({ status: 400 });
  const person = await instance.createCaller();
  await expect(person.call('listAgentLogLines', { params: { id }, query: {} })).rejects.toMatchObject({ status: 403 });
});
