/** What people are told by mail about their content: one mail of a kind a day, whatever number of videos, deletions or workers there is. */
import type { Plan } from '@carmic/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailRetention } from '../../server/src/retention/mails.ts';
import { giveNotices } from '../../server/src/retention/notices.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';
import { uploadVideo } from '../support/upload.ts';

let mailbox: Mailbox;
let instance: TestInstance;
let admin: Caller;
let plans: Map<string, Plan>;
const day = 86_400_000;
const deps = () => instance.server.deps;

beforeAll(async () => {
  mailbox = await startMailbox();
  instance = await startInstance({
    env: { CARMIC_SMTP_URL: mailbox.url, CARMIC_MAIL_FROM: 'Carmic <c@example.org>', CARMIC_WATCHDOG_SECONDS: '86400' },
  });
  admin = await instance.createCaller({ isAdmin: true });
  plans = new Map((await admin.call('listPlans')).items.map((plan) => [plan.slug, plan]));
});
afterAll(async () => {
  await instance.stop();
  await mailbox.close();
});

const upload = (who: Caller) =>
  uploadVideo(who.call, instance.baseUrl, Buffer.from(`a video ${Math.random()}`), { fileName: 'secret.mp4' });
const sentTo = (userId: string) => mailbox.received.filter((text) => text.includes(`To: ${userId}@example.test`));
/** Moves everything of a workspace back in time, so that it ends in `ms` from now. */
const endIn = (who: Caller, ms: number) =>
  deps().db.asSystem((tx) =>
    deps().db.change(tx, 'UPDATE videos SET expires_at = :at, kept_from = :from WHERE workspace_id = :id', {
      at: new Date(Date.now() + ms),
      from: new Date(Date.now() + ms - 3 * day),
      id: who.workspaceId,
    }),
  );
/** Two workers give notices until that many videos had theirs; one that is being worked on meanwhile is passed over and has its turn later. */
async function noticed(videos: number): Promise<void> {
  let given = 0;
  await until(`${videos} notices`, async () => {
    const [one, other] = await Promise.all([giveNotices(deps()), giveNotices(deps())]);
    given += one + other;
    return given >= videos ? true : null;
  });
  expect(given).toBe(videos);
}
/** Every mail that was queued has been sent. */
const allSent = () =>
  until('every mail to be sent', () =>
    deps().db.asSystem(async (tx) => ((await deps().db.rows(tx, 'SELECT 1 FROM mails')).length === 0 ? true : null)),
  );
async function tomorrow<T>(days: number, work: () => Promise<T>): Promise<T> {
  const { clock } = deps();
  const { now } = clock;
  clock.now = () => new Date(Date.now() + days * day);
  try {
    return await work();
  } finally {
    clock.now = now;
  }
}
const assign = async (who: Caller, slug: string) => {
  const params = { id: who.workspaceId };
  const body = { planId: plans.get(slug)?.id ?? '' };
  const { fingerprint } = await admin.call('previewWorkspacePlan', { params, body });
  await admin.call('assignPlan', { params, body: { ...body, confirmation: { fingerprint } } });
};

test('a notice of what ends soon is one mail to the owners and nobody else, with the way to keep it and no title (R1, R2)', async () => {
  const who = await instance.createCaller();
  const viewer = await instance.createCaller({ workspaceId: who.workspaceId, role: 'viewer' });
  await Promise.all([upload(who), upload(who), upload(who)]);
  await endIn(who, 20 * 3_600_000);
  await noticed(3);
  // Another video comes near its end on the same day: the workspace has had its mail.
  await upload(who);
  await endIn(who, 19 * 3_600_000);
  await noticed(4);
  await allSent();
  expect(sentTo(who.userId)).toHaveLength(1);
  const [mail = ''] = sentTo(who.userId);
  expect(mail).toMatch(/Subject: 3 videos will be deleted soon/);
  expect(mail).toContain(`${instance.baseUrl}/#/deletions`);
  expect(mail).toContain(`${instance.baseUrl}/#/account`);
  expect(mail).not.toContain('secret');
  expect(sentTo(viewer.userId)).toEqual([]);
  await tomorrow(0.5, async () => {
    // The next day has a mail of its own.
    await deps().db.asSystem((tx) =>
      deps().db.change(tx, 'UPDATE retention_mails SET day = day - 1 WHERE workspace_id = :id', { id: who.workspaceId }),
    );
    await endIn(who, 0.9 * day);
    await noticed(4);
  });
  await allSent();
  expect(sentTo(who.userId)).toHaveLength(2);
});

test('deletions that are done are told together, to the owners and to whoever asked (R6)', async () => {
  const who = await instance.createCaller();
  const editor = await instance.createCaller({ workspaceId: who.workspaceId, role: 'editor' });
  const [first, second, third] = await Promise.all([upload(who), upload(who), upload(who)]);
  const erase = async (by: Caller, videoId: string) => {
    const { id } = await by.call('createErasure', { body: { scope: 'video', videoId } });
    await until('the deletion to be done', async () => ((await who.call('getErasure', { params: { id } })).state === 'done' ? true : null));
  };
  await erase(who, first.id);
  await erase(editor, second.id);
  await Promise.all([mailRetention(deps()), mailRetention(deps())]);
  await allSent();
  for (const { userId } of [who, editor]) {
    expect(sentTo(userId)).toHaveLength(1);
    expect(sentTo(userId)[0]).toMatch(/Subject: 2 deletions are done/);
  }
  // One that follows on the same day is told on the next.
  await erase(who, third.id);
  await mailRetention(deps());
  await allSent();
  expect(sentTo(who.userId)).toHaveLength(1);
  await tomorrow(1, () => mailRetention(deps()));
  await allSent();
  expect(sentTo(who.userId)).toHaveLength(2);
  expect(sentTo(who.userId)[1]).toMatch(/Subject: A deletion is done/);
  expect(sentTo(editor.userId)).toHaveLength(1);
});

test('a storage that is nearly full is told of once in a week (R3)', async () => {
  const who = await instance.createCaller();
  await upload(who);
  await assign(who, 'enterprise');
  await mailRetention(deps());
  await allSent();
  expect(sentTo(who.userId)).toEqual([]);
  const used = (await who.call('getEntitlements')).storage.usedBytes;
  await admin.call('assignPlan', {
    params: { id: who.workspaceId },
    body: { overrides: { retention: { kind: 'fixed', storageBytes: Math.ceil(used * 1.05) } } },
  });
  await mailRetention(deps());
  await tomorrow(1, () => mailRetention(deps()));
  await allSent();
  expect(sentTo(who.userId)).toHaveLength(1);
  expect(sentTo(who.userId)[0]).toMatch(/Subject: Your storage is nearly full/);
  await tomorrow(8, () => mailRetention(deps()));
  await allSent();
  expect(sentTo(who.userId)).toHaveLength(2);
});

test('a stricter plan is told of at once, with the day until which its grace lasts; a larger one is not', async () => {
  const who = await instance.createCaller();
  await assign(who, 'standard');
  await upload(who);
  await allSent();
  expect(sentTo(who.userId)).toEqual([]);
  await assign(who, 'free');
  await allSent();
  expect(sentTo(who.userId)).toHaveLength(1);
  const { graceUntil } = await who.call('getEntitlements');
  expect(sentTo(who.userId)[0]).toContain(graceUntil?.slice(0, 10) ?? 'no grace');
  await assign(who, 'enterprise');
  await allSent();
  expect(sentTo(who.userId)).toHaveLength(1);
});
