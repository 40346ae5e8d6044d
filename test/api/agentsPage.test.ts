/** What administrators do with agents: let one run dry and go on, see what it did last, and end its enrolment. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '60' } });
});
afterAll(() => instance.stop());

test('an agent runs dry, takes work again, shows what it did, and is removed', async () => {
  const admin = await instance.createCaller({ isAdmin: true });
  const agent = await enrolAgent(instance, ['inspect'], { name: 'studio-1' });
  const shown = async () => (await admin.call('listAgents')).items.find(({ name }) => name === 'studio-1');
  const { id } = (await shown()) ?? { id: '' };
  const drain = (isDraining: boolean) => admin.call('drainAgent', { params: { id }, body: { isDraining } });

  await drain(true);
  expect((await shown())?.isDraining).toBe(true);
  await uploadVideo(admin.call, instance.baseUrl, Buffer.from('a talk'), { fileName: 'talk.mp4' });
  await until('the queued task', async () => ((await admin.call('getOverview')).figures.tasksQueued > 0 ? true : null));
  expect(await agent.lease(['inspect'], 0)).toBeNull();

  await drain(false);
  expect((await shown())?.isDraining).toBe(false);
  const lease = await until('the task', () => agent.lease(['inspect'], 2));
  const failure = { leaseToken: lease.leaseToken, code: 'truncated' as const, message: 'Its end is missing.', isRetryable: false };
  await agent.call('failLease', { params: { id: lease.taskId }, body: failure });
  expect((await shown())?.recentTasks).toMatchObject([{ kind: 'inspect', state: 'failed', code: 'truncated' }]);

  await admin.call('removeAgent', { params: { id } });
  expect(await shown()).toBeUndefined();
  await expect(agent.lease(['inspect'], 0)).rejects.toMatchObject({ status: 401 });
  await expect(drain(true)).rejects.toMatchObject({ status: 404 });
  await expect(admin.call('removeAgent', { params: { id } })).rejects.toMatchObject({ status: 404 });
});
