/** What administrators are told of the whole installation. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;

beforeAll(async () => {
  instance = await startInstance();
});

afterAll(async () => {
  await instance.stop();
});

test('the overview counts what waits and what was done, says what is missing, and is for administrators', async () => {
  const admin = await instance.createCaller({ isAdmin: true });
  const before = await admin.call('getOverview');
  const stateOf = (overview: typeof before, name: string) => overview.checks.find((check) => check.name === name)?.state;
  expect(stateOf(before, 'agents')).toBe('bad');
  expect(stateOf(before, 'backup')).toBe('attention');
  expect(stateOf(before, 'certificate')).toBe('off');
  expect(before.figures).toMatchObject({ agentsOnline: 0, tasksQueued: 0, videos: 0, lastBackupAt: null });

  const agent = await enrolAgent(instance, ['inspect']);
  await uploadVideo(admin.call, instance.baseUrl, Buffer.from('a talk'), { fileName: 'talk.mp4' });
  const lease = await agent.lease(['inspect'], 30);
  expect((await admin.call('getOverview')).figures).toMatchObject({ tasksRunning: 1, videos: 1 });
  if (lease === null) {
    throw new Error('There was nothing to inspect.');
  }
  const body = { leaseToken: lease.leaseToken, code: 'truncated' as const, message: 'Its end is missing.', isRetryable: false };
  await agent.call('failLease', { params: { id: lease.taskId }, body });
  const after = await admin.call('getOverview');
  expect(stateOf(after, 'agents')).toBe('ok');
  expect(after.figures).toMatchObject({ agentsOnline: 1, agents: 1, tasksRunning: 0 });
  expect(after.hours).toHaveLength(48);
  expect(after.hours.reduce((sum, hour) => sum + hour.failed, 0)).toBe(1);

  const somebody = await instance.createCaller();
  await expect(somebody.call('getOverview')).rejects.toMatchObject({ status: 403 });
});
