import { receiptSchema, type RouteInput } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyAudit } from '../../server/src/admin/auditChain.ts';
import { dataMap } from '../../server/src/dataMap.ts';
import { buryPeople } from '../../server/src/privacy/requests/erasePerson.ts';
import { remindOfRequests } from '../../server/src/privacy/requests/letters.ts';
import { replayJournal } from '../../server/src/retention/erasure/journal.ts';
import { verifyReceipt } from '../../server/src/retention/receipts/verifyReceipt.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let admin: Caller;
beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '60' } });
  admin = await instance.createCaller({ isAdmin: true });
});
afterAll(() => instance.stop());

const change = (sql: string, values: Record<string, unknown>) => {
  const { db } = instance.server.deps;
  return db.asSystem((tx) => db.change(tx, sql, values));
};
const rows = <R extends object>(sql: string, values: Record<string, unknown> = {}) => instance.server.deps.db.systemRows<R>(sql, values);

/** Where a text stands in the clear, in any column of any table. */
async function findText(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name } of dataMap.tables) {
    const hits = await rows(`SELECT 1 FROM "${name}" t WHERE to_jsonb(t)::text ILIKE :pattern LIMIT 1`, { pattern: `%${text}%` });
    if (hits.length > 0) {
      found.push(name);
    }
  }
  return found;
}

describe('a person', () => {
  test('restricts processing: nothing new is made, nothing is lost, and work goes on when that is lifted (G4)', async () => {
    const person = await instance.createCaller();
    const agent = await enrolAgent(instance, ['inspect']);
    const video = await uploadVideo(person.call, instance.baseUrl, Buffer.from('restricted'));
    await until('a task', async () => (await rows('SELECT 1 FROM media_tasks WHERE video_id = :id', { id: video.id }))[0], 60_000);
    const rights = await person.call('updateRights', { body: { isRestricted: true } });
    expect(rights.restrictedAt).not.toBeNull();
    expect(await agent.lease(['inspect'])).toBeNull();
    const refused = person.call('createVideo', { body: { fileName: 'more.mp4', sizeBytes: 5 } });
    await expect(refused).rejects.toMatchObject({ code: 'processing_restricted', status: 403 });
    await expect(person.call('retryVideo', { params: { id: video.id } })).rejects.toMatchObject({ code: 'processing_restricted' });
    expect((await person.call('getVideo', { params: { id: video.id } })).id).toBe(video.id);

    expect((await person.call('updateRights', { body: { isRestricted: false } })).restrictedAt).toBeNull();
    expect((await agent.lease(['inspect']))?.spec.kind).toBe('inspect');
    const kinds = (await person.call('listOwnPrivacyRequests')).items.map(({ kind, state }) => [kind, state]);
    expect(kinds).toEqual([
      ['restriction', 'done'],
      ['restriction', 'done'],
    ]);
  });

  test('objects to statistics and marketing, at once, and takes that back (G4)', async () => {
    const person = await instance.createCaller();
    const rights = await person.call('updateRights', { body: { objectsToStatistics: true, objectsToMarketing: true } });
    expect([rights.statisticsObjectedAt, rights.marketingObjectedAt]).not.toContain(null);
    expect((await person.call('updateRights', { body: { objectsToStatistics: false } })).statisticsObjectedAt).toBeNull();
    expect((await person.call('getRights')).marketingObjectedAt).toBe(rights.marketingObjectedAt);
  });

  test('corrects their name at once and asks for what they cannot correct; asks for a person’s decision on a video of theirs only (G2)', async () => {
    const person = await instance.createCaller();
    expect((await person.call('updateMe', { body: { name: 'Corrected' } })).name).toBe('Corrected');
    const video = await uploadVideo(person.call, instance.baseUrl, Buffer.from('judged'));
    const asked = await person.call('createOwnPrivacyRequest', {
      body: { kind: 'human_decision', detail: 'A person shall look at this.', videoId: video.id },
    });
    expect(asked).toMatchObject({ state: 'open', channel: 'console', subjectId: video.id, detail: 'A person shall look at this.' });
    const other = await instance.createCaller();
    const foreign = { kind: 'human_decision', detail: 'Mine?', videoId: video.id } as const;
    await expect(other.call('createOwnPrivacyRequest', { body: foreign })).rejects.toMatchObject({ code: 'not_found' });
    await expect(other.call('withdrawPrivacyRequest', { params: { id: asked.id } })).rejects.toMatchObject({ code: 'not_found' });
    expect((await person.call('withdrawPrivacyRequest', { params: { id: asked.id } })).state).toBe('withdrawn');
  });

  test('deletes their account: no trace of name or address, a receipt that verifies, and a chain that stays whole (G3)', async () => {
    const person = await instance.createCaller();
    const name = 'Wilhelmine Traceless';
    const email = `${person.userId}@example.test`;
    await person.call('updateMe', { body: { name } });
    await uploadVideo(person.call, instance.baseUrl, Buffer.from('to be gone'));
    await admin.call('createInvitation', { body: { email, role: 'viewer' } });
    expect(await findText(name)).toEqual(['users']);
    await person.call('deleteMe', { body: { confirmation: 'delete my account' } });
    await expect(person.call('getMe')).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await findText(name)).toEqual([]);
    expect(await findText(email)).toEqual([]);

    const [request] = (await admin.call('listPrivacyRequests', { query: {} })).items.filter((each) => each.userId === person.userId);
    expect(request).toMatchObject({ kind: 'erasure', state: 'done', channel: 'console', contact: null });
    const receipt = receiptSchema.parse(request?.receipt);
    expect(verifyReceipt(JSON.stringify(receipt), JSON.stringify(await admin.call('getReceiptKeys')))).toMatchObject({ isValid: true });
    expect(receipt.body).toMatchObject({ personId: person.userId, workspaces: [person.workspaceId], invitationsDeleted: 1, keptByLaw: [] });
    expect((await verifyAudit(instance.server.deps)).isIntact).toBe(true);
  });

  test('does not come back with a restored backup (G3)', async () => {
    const person = await instance.createCaller();
    const { deps } = instance.server;
    await person.call('deleteMe', { body: { confirmation: 'delete my account' } });
    await buryPeople(deps);
    // What a restore of an older backup would bring: the person, and no memory of the deletion.
    await change("INSERT INTO users (id, email, name, created_at, updated_at) VALUES (:id, :email, 'Back again', now(), now())", {
      ...{ id: person.userId, email: `${person.userId}@example.test` },
    });
    await change("DELETE FROM erasures WHERE receipt LIKE '%' || :id || '%'", { id: person.userId });
    expect(await replayJournal(deps)).toBeGreaterThan(0);
    expect(await rows('SELECT 1 FROM users WHERE id = :id', { id: person.userId })).toEqual([]);
  });
});

describe('the queue of administrators (G6)', () => {
  const enter = (kind: 'erasure' | 'access' | 'rectification', email: string, receivedAt?: string) =>
    admin.call('createPrivacyRequest', {
      body: { kind, email, detail: 'It came by letter.', ...(receivedAt === undefined ? {} : { receivedAt }) },
    });
  const act = (id: string, body: RouteInput<'handlePrivacyRequest'>['body']) =>
    admin.call('handlePrivacyRequest', { params: { id }, body });

  test('a request by mail is done only after the identity was checked; every step is logged', async () => {
    const person = await instance.createCaller();
    const request = await enter('erasure', `${person.userId}@example.test`);
    expect(request).toMatchObject({ state: 'open', channel: 'mail', userId: person.userId, isOverdue: false });
    await expect(act(request.id, { action: 'carry_out' })).rejects.toMatchObject({ code: 'wrong_state' });
    await act(request.id, { action: 'check_identity', note: 'Called back on the known number.' });
    const done = await act(request.id, { action: 'carry_out' });
    expect(done).toMatchObject({ state: 'done', contact: null, detail: null });
    expect(done.receipt).not.toBeNull();
    expect(done.log.map((line) => line.action)).toEqual(['received', 'identity_checked', 'carried_out']);
    expect(done.log.every((line) => line.actorId === admin.userId)).toBe(true);
    expect(await rows('SELECT 1 FROM users WHERE id = :id', { id: person.userId })).toEqual([]);
    await expect(act(request.id, { action: 'refuse', note: 'Too late.' })).rejects.toMatchObject({ code: 'wrong_state' });
  });

  test('a workspace with other members is handed over first', async () => {
    const owner = await instance.createCaller();
    const member = await instance.createCaller({ workspaceId: owner.workspaceId, role: 'editor' });
    const request = await enter('erasure', `${owner.userId}@example.test`);
    await act(request.id, { action: 'check_identity', note: 'Seen in person.' });
    await expect(act(request.id, { action: 'carry_out' })).rejects.toMatchObject({ code: 'conflict' });
    expect(await rows('SELECT 1 FROM users WHERE id = :id', { id: owner.userId })).toHaveLength(1);
    await change("UPDATE members SET role = 'owner' WHERE user_id = :id", { id: member.userId });
    expect((await act(request.id, { action: 'carry_out' })).state).toBe('done');
    expect((await member.call('getMe')).workspaces.map((each) => each.id)).toContain(owner.workspaceId);
  });

  test('the deadline is a month; it is extended once, with a reason, and reminded of once', async () => {
    const request = await enter('rectification', 'nobody@example.test', '2026-01-31T12:00:00.000Z');
    expect(request).toMatchObject({ deadlineAt: '2026-02-28T12:00:00.000Z', isOverdue: true, userId: null });
    await expect(act(request.id, { action: 'extend', note: 'Late.' })).rejects.toMatchObject({ code: 'wrong_state' });
    await change("UPDATE privacy_requests SET received_at = now(), deadline_at = now() + interval '5 days' WHERE id = :id", {
      id: request.id,
    });
    await Promise.all([remindOfRequests(instance.server.deps), remindOfRequests(instance.server.deps)]);
    expect(await rows("SELECT 1 FROM events WHERE type = 'privacy.request_due' AND subject_id = :id", { id: request.id })).toHaveLength(1);
    const extended = await act(request.id, { action: 'extend', note: 'Many files.' });
    expect(Date.parse(extended.deadlineAt) - Date.parse(extended.receivedAt)).toBeGreaterThan(88 * 24 * 3_600_000);
    await expect(act(request.id, { action: 'extend', note: 'Again.' })).rejects.toMatchObject({ code: 'wrong_state' });
    const open = (await admin.call('listPrivacyRequests', { query: { state: 'open' } })).items;
    expect(open.map((each) => each.id)).toContain(request.id);
    expect([...open.map((each) => each.deadlineAt)].sort()).toEqual(open.map((each) => each.deadlineAt));
    await expect((await instance.createCaller()).call('listPrivacyRequests', { query: {} })).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('carrying out needs a fresh sign-in', async () => {
    const stale = await instance.createCaller({ isAdmin: true });
    const request = await enter('access', 'nobody@example.test');
    await change("UPDATE sessions SET authenticated_at = now() - interval '1 hour' WHERE user_id = :id", { id: stale.userId });
    const carryOut = stale.call('handlePrivacyRequest', { params: { id: request.id }, body: { action: 'carry_out' } });
    await expect(carryOut).rejects.toMatchObject({ code: 'reauthentication_needed' });
  });
});
