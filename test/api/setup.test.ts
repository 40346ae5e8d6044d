/** The first set-up: how far it is, for every administrator and every browser, and the test of the mail server. */
import { setupSteps } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';

let mailbox: Mailbox;
let instance: TestInstance;
let admin: Caller;

beforeAll(async () => {
  mailbox = await startMailbox();
  instance = await startInstance({ env: { CARMIC_SMTP_URL: mailbox.url, CARMIC_MAIL_FROM: 'Carmic <carmic@harbour.example>' } });
  admin = await instance.createCaller({ isAdmin: true });
});
afterAll(async () => {
  await instance.stop();
  await mailbox.close();
});

describe('the first set-up', () => {
  test('is open at first; what is done or skipped is kept for other administrators, also when two are noted at once', async () => {
    const { steps } = await admin.call('getSetup');
    expect(steps).toEqual(setupSteps.map((name) => ({ name, state: 'open', at: null })));
    const other = await instance.createCaller({ isAdmin: true });
    await Promise.all([
      admin.call('putSetupStep', { params: { step: 'storage' }, body: { state: 'done' } }),
      other.call('putSetupStep', { params: { step: 'mail' }, body: { state: 'skipped' } }),
    ]);
    const after = await other.call('getSetup');
    expect(after.steps.filter(({ state }) => state !== 'open')).toEqual([
      { name: 'storage', state: 'done', at: expect.any(String) as string },
      { name: 'mail', state: 'skipped', at: expect.any(String) as string },
    ]);
    const again = await admin.call('putSetupStep', { params: { step: 'mail' }, body: { state: 'open' } });
    expect(again.steps.find(({ name }) => name === 'mail')).toEqual({ name: 'mail', state: 'open', at: null });
  });

  test('is for administrators', async () => {
    const somebody = await instance.createCaller();
    await expect(somebody.call('getSetup')).rejects.toMatchObject({ status: 403 });
    await expect(somebody.call('putSetupStep', { params: { step: 'mail' }, body: { state: 'done' } })).rejects.toMatchObject({
      status: 403,
    });
    await expect(somebody.call('testMail')).rejects.toMatchObject({ status: 403 });
  });
});

describe('the test of the mail server', () => {
  test('hands over a mail at once, and tells what the server answers when it refuses', async () => {
    const { email } = await admin.call('getMe');
    expect(await admin.call('testMail')).toMatchObject({ isOk: true, message: `The mail server took a mail for ${email}.` });
    expect(mailbox.received.some((mail) => mail.includes(`To: ${email}`) && mail.includes('Mail works'))).toBe(true);
    mailbox.refused.add(email);
    const refused = await admin.call('testMail');
    expect(refused.isOk).toBe(false);
    expect(refused.message).toContain('550');
    mailbox.refused.delete(email);
  });

  test('is refused to an account without an address', async () => {
    const nobody = await instance.createCaller({ isAdmin: true });
    const { db } = instance.server.deps;
    await db.asSystem((tx) => db.change(tx, `UPDATE users SET email = id || '@setup.invalid' WHERE id = :id`, { id: nobody.userId }));
    await expect(nobody.call('testMail')).rejects.toMatchObject({ code: 'wrong_state' });
  });
});
