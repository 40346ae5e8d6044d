/** Consent and mail, end to end: what is ticked, what is sent, what ends it. Keeps: M1, M2, M3. */
import { createHash, createPublicKey, createVerify, generateKeyPairSync } from 'node:crypto';
import { type Call, createClient } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queueMail } from '../../server/src/mail/mail.ts';
import { type Caller, callerFor, startInstance, type TestInstance, until } from '../support/instance.ts';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
let mailbox: Mailbox;
let instance: TestInstance;
let admin: Caller;
let nobody: Call;

beforeAll(async () => {
  mailbox = await startMailbox();
  instance = await startInstance({
    env: {
      CARMIC_SMTP_URL: mailbox.url,
      CARMIC_MAIL_FROM: 'Carmic <c@example.org>',
      CARMIC_RATE_LIMIT_PER_MINUTE: '100000',
      CARMIC_DKIM_DOMAIN: 'example.org',
      CARMIC_DKIM_SELECTOR: 'k1',
      CARMIC_DKIM_KEY: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  });
  admin = await instance.createCaller({ isAdmin: true });
  nobody = createClient({ baseUrl: instance.baseUrl });
  const settings = await admin.call('getAccountSettings');
  await admin.call('putAccountSettings', { body: { ...settings, signUp: 'open' } }, { ifMatch: '*' });
});
afterAll(async () => {
  await instance.stop();
  await mailbox.close();
});

const deps = () => instance.server.deps;
const settle = (
  marketing: 'off' | 'opt_in' | 'registration',
  isDoubleOptIn = false,
  de = 'Mit der Registrierung bekommen Sie Neuigkeiten.',
) =>
  admin.call(
    'putMailSettings',
    { body: { marketing, isDoubleOptIn, registrationWording: { en: 'By registering you agree to get our news.', de } } },
    { ifMatch: '*' },
  );
/** A mail to somebody that holds a text; quoted-printable letters undone. */
const mailTo = (email: string, holds: string | RegExp) =>
  until(
    `a mail to ${email} with ${String(holds)}`,
    () =>
      Promise.resolve(
        mailbox.received.find(
          (text) => text.includes(`To: ${email}`) && (typeof holds === 'string' ? text.includes(holds) : holds.test(text)),
        ),
      ),
    60_000,
  );
const urlIn = (mail: string, path: string) => new RegExp(`https?://[^\\s<>"]+${path}\\?token=[\\w-]+`).exec(mail)?.[0] ?? '';
const allSent = async () => {
  try {
    await until(
      'every mail to be sent',
      () => deps().db.asSystem(async (tx) => ((await deps().db.rows(tx, 'SELECT 1 FROM mails')).length === 0 ? true : null)),
      60_000,
    );
  } catch (error) {
    const left = await deps().db.asSystem(async (tx) => ({
      mails: await deps().db.rows(tx, 'SELECT id, kind, category, user_id, created_at, now() AS now FROM mails'),
      jobs: await deps().db.rows(tx, 'SELECT name, data, next_run_at, locked_at, last_run_at, fail_count, fail_reason FROM agenda_jobs'),
    }));
    throw new Error(`These mails wait: ${JSON.stringify(left)}`, { cause: error });
  }
};
/** Signs somebody up, confirms the address, and answers who they are then. */
async function signUp(email: string, fields: { wantsNews?: boolean; language?: 'en' | 'de' } = {}): Promise<Call> {
  await nobody('createSignUp', { body: { email, name: 'Newcomer', password: 'seven green bottles', ...fields } });
  const mail = await mailTo(email, '/#/confirm?token=');
  const token = /#\/confirm\?token=([\w-]+)/.exec(mail)?.[1] ?? '';
  const response = await fetch(new URL('/api/v1/sign-up-confirmations', instance.baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return callerFor(() => instance.baseUrl, /carmic=([^;]+)/.exec(response.headers.get('set-cookie') ?? '')?.[1] ?? '');
}
const stateOf = async (call: Call, category = 'news') =>
  (await call('getOwnMail')).categories.find((each) => each.category === category)?.state;
const words = { en: 'Something new', de: 'Etwas Neues' };
const announce = () => admin.call('createAnnouncement', { body: { category: 'news', subject: words, text: words } });
const announced = (id: string) =>
  until('the announcement to be done', async () =>
    (await admin.call('listAnnouncements')).items.find((each) => each.id === id && each.finishedAt !== null),
  );

describe('consent to marketing (M1)', () => {
  test('is not given by signing up, and an account is made without it', async () => {
    await settle('opt_in');
    const call = await signUp('plain@example.org');
    expect(await stateOf(call)).toBe('off');
    expect((await call('getOwnMail')).log).toEqual([]);
  });

  test('is recorded with time, source and the version of its wording, in the language that was shown', async () => {
    await settle('opt_in');
    const call = await signUp('ticked@example.org', { wantsNews: true, language: 'de' });
    const own = await call('getOwnMail');
    expect(own.language).toBe('de');
    expect(await stateOf(call)).toBe('on');
    const [line] = own.log;
    expect(line).toMatchObject({ state: 'on', source: 'sign_up', wording: own.marketing.wording.de });
    expect(line?.wordingId).toMatch(/^[0-9a-f]{16}$/);
    const other = await signUp('ticked.en@example.org', { wantsNews: true });
    expect((await other('getOwnMail')).log[0]?.wordingId).not.toBe(line?.wordingId);
    expect(await mailTo('ticked@example.org', 'Adresse best')).toContain('Content-Type: text/plain');
  });

  test('counts with double opt-in only once the link was confirmed by its button; opening the link changes nothing', async () => {
    await settle('opt_in', true);
    const call = await signUp('double@example.org', { wantsNews: true });
    expect(await stateOf(call)).toBe('pending');
    const { id } = await announce();
    await announced(id);
    await allSent();
    expect(mailbox.received.filter((text) => text.includes('To: double@example.org') && text.includes('Something new'))).toEqual([]);
    const url = urlIn(await mailTo('double@example.org', '/mail/confirm'), '/mail/confirm');
    expect(mailbox.received.filter((text) => text.includes('To: double@example.org') && text.includes('/mail/confirm'))).toHaveLength(1);
    for (const method of ['GET', 'HEAD']) {
      expect((await fetch(url, { method })).status).toBe(200);
    }
    expect(await stateOf(call)).toBe('pending');
    expect((await fetch(url, { method: 'POST' })).status).toBe(200);
    const own = await call('getOwnMail');
    expect(own.categories.filter(({ state }) => state === 'on').map(({ category }) => category)).toEqual(
      expect.arrayContaining(['news', 'tips']),
    );
    expect(own.log[0]).toMatchObject({ source: 'confirmation', state: 'on', wording: own.marketing.wording.en });
    // Ended, it cannot be brought back by the old link.
    await call('updateOwnMail', {
      body: {
        choices: [
          { category: 'news', isOn: false },
          { category: 'tips', isOn: false },
        ],
      },
    });
    expect((await fetch(url, { method: 'POST' })).status).toBe(410);
    expect(await stateOf(call)).toBe('off');
  });

  test('by registration needs a wording in both languages, is recorded with it, and is one click away from off', async () => {
    await expect(settle('registration', false, '')).rejects.toMatchObject({ code: 'invalid_input' });
    await settle('registration');
    const { marketing } = await nobody('getInstance');
    expect(marketing).toMatchObject({ mode: 'registration', wording: { en: 'By registering you agree to get our news.' } });
    const call = await signUp('policy@example.org');
    expect(await stateOf(call)).toBe('on');
    expect((await call('getOwnMail')).log[0]).toMatchObject({ source: 'registration', wording: marketing.wording.en });
    await call('updateOwnMail', { body: { choices: [{ category: 'news', isOn: false }] } });
    expect(await stateOf(call)).toBe('off');
  });
});

describe('unsubscribing (M2)', () => {
  test('by the header is one POST without cookies, any number of times; GET and HEAD change nothing; and what waits is not sent', async () => {
    await settle('opt_in');
    const email = 'leaves@example.org';
    const call = await signUp(email, { wantsNews: true });
    await announced((await announce()).id);
    const mail = await mailTo(email, 'Something new');
    const header = /^List-Unsubscribe: <([^>]+)>$/m.exec(mail)?.[1] ?? '';
    expect(header).toContain('/mail/unsubscribe?token=');
    expect(mail).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m);
    expect(mail.split(header).length, 'in header, text part and HTML part').toBeGreaterThanOrEqual(4);
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(header, { method, redirect: 'manual' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    expect(await stateOf(call)).toBe('on');

    // A mail is in the queue already when the click comes: every nudge waits for it, other people's too (a new version of a policy may go out now).
    await allSent();
    const { enqueue } = deps().jobs;
    const held: Parameters<typeof enqueue>[] = [];
    deps().jobs.enqueue = (...nudge) => Promise.resolve(void held.push(nudge));
    const { id: userId } = await call('getMe');
    await deps().db.asSystem((tx) =>
      queueMail(deps(), tx, {
        template: 'announcement',
        data: { subject: { en: 'Too late', de: 'Zu spät' }, text: words },
        to: { email, name: 'Newcomer', userId },
        validSeconds: 3600,
      }),
    );
    deps().jobs.enqueue = enqueue;
    for (let time = 0; time < 3; time++) {
      const answer = await fetch(header, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'List-Unsubscribe=One-Click',
      });
      expect(answer.status).toBe(200);
    }
    expect(await stateOf(call)).toBe('off');
    expect(await stateOf(call, 'tips'), 'a token is for one kind of mail').toBe('on');
    expect(held.filter(([name]) => name === 'mails.send').length).toBeGreaterThan(0);
    for (const nudge of held) {
      await enqueue(...nudge);
    }
    await allSent();
    expect(mailbox.received.some((text) => text.includes('Too late'))).toBe(false);
    expect((await call('getOwnMail')).log.filter(({ category }) => category === 'news')[0]).toMatchObject({
      state: 'off',
      source: 'one_click',
    });
  });

  test('cannot be done with a token that was altered or made up', async () => {
    const call = await signUp('stays@example.org', { wantsNews: true });
    await announced((await announce()).id);
    const header = /^List-Unsubscribe: <([^>]+)>$/m.exec(await mailTo('stays@example.org', 'Something new'))?.[1] ?? '';
    const token = new URL(header).searchParams.get('token') ?? '';
    const altered = `${token.slice(0, -4)}${token.slice(-4) === 'AAAA' ? 'BBBB' : 'AAAA'}`;
    for (const wrong of [altered, 'x', '', 'A'.repeat(400)]) {
      expect((await fetch(`${instance.baseUrl}/mail/unsubscribe?token=${wrong}`, { method: 'POST' })).status).toBe(400);
    }
    expect((await fetch(header.replace('/mail/unsubscribe', '/mail/confirm'), { method: 'POST' })).status).toBe(400);
    expect(await stateOf(call)).toBe('on');
  });

  test('never silences what an account needs, whose mails carry a link to the rest (M3)', async () => {
    const email = 'quiet@example.org';
    const call = await signUp(email, { wantsNews: true });
    const url = urlIn(await mailTo(email, '/mail/unsubscribe'), '/mail/unsubscribe');
    expect((await fetch(url, { method: 'POST' })).status).toBe(200);
    await nobody('createPasswordReset', { body: { email } });
    const reset = await mailTo(email, '/#/reset?token=');
    expect(reset).not.toContain('List-Unsubscribe');
    expect((await fetch(urlIn(reset, '/mail/unsubscribe'), { method: 'POST' })).status).toBe(200);
    expect((await call('getOwnMail')).categories.filter(({ kind, state }) => kind !== 'service' && state === 'on')).toEqual([]);
    const before = mailbox.received.length;
    await nobody('createPasswordReset', { body: { email } });
    await until('another reset', () => Promise.resolve(mailbox.received.slice(before).find((text) => text.includes(`To: ${email}`))));
  });

  test('somebody without an account can end invitations', async () => {
    const email = 'stranger@example.org';
    await admin.call('createInvitation', { body: { email, role: 'viewer' } });
    expect((await fetch(urlIn(await mailTo(email, 'invited'), '/mail/unsubscribe'), { method: 'POST' })).status).toBe(200);
    const count = mailbox.received.filter((text) => text.includes(`To: ${email}`)).length;
    const { items } = await admin.call('listInvitations');
    await admin.call('deleteInvitation', { params: { id: items.find((item) => item.email === email)?.id ?? '' } });
    await admin.call('createInvitation', { body: { email, role: 'viewer' } });
    await allSent();
    expect(mailbox.received.filter((text) => text.includes(`To: ${email}`))).toHaveLength(count);
    expect(await admin.call('findMailAddress', { body: { email } })).toMatchObject({ isBlocked: true });
  });
});

describe('mails that come back', () => {
  const bounceOf = (email: string) =>
    `Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ${email}\nAction: failed\nStatus: 5.1.1\n\n--b--\n`;

  test('end marketing and notices after the second time, not what the account needs, until the cause is mended', async () => {
    const email = 'gone@example.org';
    const call = await signUp(email, { wantsNews: true });
    for (let time = 0; time < 2; time++) {
      expect(await admin.call('createMailReport', { body: { message: bounceOf(email) } })).toEqual({ kind: 'bounce', addresses: 1 });
    }
    expect((await call('getOwnMail')).isBouncing).toBe(true);
    await announced((await announce()).id);
    await allSent();
    expect(mailbox.received.some((text) => text.includes(`To: ${email}`) && text.includes('Something new'))).toBe(false);
    await nobody('createPasswordReset', { body: { email } });
    await mailTo(email, '/#/reset?token=');
    await admin.call('findMailAddress', { body: { email, forget: true } });
    await announced((await announce()).id);
    await mailTo(email, 'Something new');
  });

  test('are counted when the mail server refuses the address for good, and not tried again', async () => {
    mailbox.refused.add('refused@example.org');
    await nobody('createSignUp', { body: { email: 'refused@example.org', name: 'Nobody', password: 'seven green bottles' } });
    await until(
      'the refusal',
      async () => ((await admin.call('findMailAddress', { body: { email: 'refused@example.org' } })).bounces === 1 ? true : null),
      60_000,
    );
    await allSent();
    expect(mailbox.attempts.filter((email) => email === 'refused@example.org')).toHaveLength(1);
  });

  test('as a complaint end marketing, found by the link in the mail when the address is blacked out', async () => {
    const email = 'cross@example.org';
    const call = await signUp(email, { wantsNews: true });
    await announced((await announce()).id);
    const original = await mailTo(email, 'Something new');
    const message = `Content-Type: multipart/report; report-type=feedback-report; boundary=zz\n\n--zz\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n--zz\nContent-Type: message/rfc822\n\n${original.replaceAll(email, 'redacted@redacted')}\n--zz--\n`;
    expect(await admin.call('createMailReport', { body: { message } })).toEqual({ kind: 'complaint', addresses: 1 });
    expect(await stateOf(call)).toBe('off');
    expect((await call('getOwnMail')).log[0]?.source).toBe('complaint');
  });
});

describe('every mail', () => {
  test('has a text part, an HTML part that fetches nothing, and an unsubscribe link, in English and German (M2)', async () => {
    const { items } = await admin.call('listMailTemplates');
    expect(new Set(items.map(({ name }) => name)).size).toBeGreaterThanOrEqual(13);
    for (const language of ['en', 'de'] as const) {
      const own = items.filter((item) => item.language === language);
      expect(own.map(({ name }) => name)).toEqual([...new Set(items.map(({ name }) => name))]);
      for (const { name, subject, text, html, kind, headers } of own) {
        expect(subject.length, name).toBeGreaterThan(5);
        expect(text, name).toMatch(/\/mail\/unsubscribe\?token=[\w-]{40,}/);
        expect(html, name).toContain('/mail/unsubscribe?token=');
        expect(html, name).not.toMatch(/<img|<script|<link|url\(|@import|src=/i);
        expect(`${subject} ${text} ${html}`, name).not.toMatch(/undefined|\[object|\bNaN\b/);
        expect(Object.keys(headers), name).toEqual(kind === 'marketing' ? ['List-Unsubscribe', 'List-Unsubscribe-Post'] : []);
      }
    }
    const german = items.filter((item) => item.language === 'de');
    for (const item of german) {
      expect(item.text, item.name).not.toBe(items.find((each) => each.name === item.name && each.language === 'en')?.text);
      expect(item.text, item.name).toMatch(/Guten Tag/);
    }
  });

  test('shows names as they are, and no name can add a header or a tag', async () => {
    const email = `odd@example.org`;
    await nobody('createSignUp', { body: { email, name: '<b>Eve</b>\r\nBcc: all@example.org', password: 'seven green bottles' } });
    const mail = await mailTo(email, '/#/confirm?token=');
    expect(mail).not.toMatch(/^Bcc:/m);
    expect(mail).toContain('&#60;b&#62;Eve');
  });

  test('is signed with DKIM, the headers of the list included (RFC 6376, RFC 8058)', async () => {
    await signUp('signed@example.org', { wantsNews: true });
    await announced((await announce()).id);
    await mailTo('signed@example.org', 'Something new');
    const raw = mailbox.raw.find((text) => text.includes('To: signed@example.org') && text.includes('List-Unsubscribe:')) ?? '';
    expect(verifyDkim(raw)).toEqual({ domain: 'example.org', selector: 'k1', isBodyIntact: true, isSignatureRight: true });
    expect(verifyDkim(raw.replace('/mail/unsubscribe?token=', '/mail/unsubscribe?token=x')).isSignatureRight).toBe(false);
    expect(/[; ]h=([^;]+)/.exec(raw.replace(/\r\n\s+/g, ''))?.[1]?.toLowerCase()).toContain('list-unsubscribe-post');
  });
});

/** Verifies a signature with relaxed canonicalization of headers and body (RFC 6376, 3.4). */
function verifyDkim(raw: string) {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const fields = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const relaxed = (field: string) => {
    const colon = field.indexOf(':');
    return `${field.slice(0, colon).trim().toLowerCase()}:${field
      .slice(colon + 1)
      .replace(/\s+/g, ' ')
      .trim()}`;
  };
  const signature = fields.find((field) => /^dkim-signature:/i.test(field)) ?? '';
  const tag = (name: string) => new RegExp(`[;:]\\s*${name}=([^;]*)`).exec(signature)?.[1]?.replace(/\s+/g, '') ?? '';
  const body = `${rest
    .join('\r\n\r\n')
    .replace(/[ \t]+(?=\r\n)/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/(\r\n)+$/, '')}\r\n`;
  const signed = tag('h')
    .toLowerCase()
    .split(':')
    .flatMap((name) => {
      const field = fields.find((each) => each.toLowerCase().startsWith(`${name}:`));
      return field === undefined ? [] : [relaxed(field)];
    });
  const bare = relaxed(signature).replace(/([;\s]b=)[^;]*/, '$1');
  const verifier = createVerify('RSA-SHA256').update([...signed, bare].join('\r\n'));
  return {
    domain: tag('d'),
    selector: tag('s'),
    isBodyIntact: createHash('sha256').update(body).digest('base64') === tag('bh'),
    isSignatureRight: verifier.verify(createPublicKey(keys.publicKey.export({ type: 'spki', format: 'pem' })), tag('b'), 'base64'),
  };
}
