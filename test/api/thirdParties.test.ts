/** Third parties: who is called, what is written down, how a change is announced, and what the policies say of it. Keeps: T1, T2. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inEgressScope } from '../../server/src/egress/egressScope.ts';
import { sendByServer } from '../../server/src/mail/transport.ts';
import { keepPolicies } from '../../server/src/privacy/policy/keepPolicies.ts';
import { enginesFor } from '../../server/src/understanding/switchboard/engines.ts';
import { announceParties } from '../../server/src/privacy/thirdParties/announce.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';

let party: Server;
let mailbox: Mailbox;
let instance: TestInstance;
let admin: Caller;
let owner: Caller;
let url: string;
let hits = 0;
const videoId = '6f1f1f1f-0000-4000-8000-00000000abcd';

beforeAll(async () => {
  party = createServer((request, response) => {
    hits += 1;
    request.resume();
    request.on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => party.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(party.address() as AddressInfo).port}`;
  mailbox = await startMailbox();
  instance = await startInstance({
    env: { CARMIC_DEEPGRAM_KEY: 'k', CARMIC_DEEPGRAM_URL: url, CARMIC_SMTP_URL: mailbox.url, CARMIC_WATCHDOG_SECONDS: '86400' },
  });
  admin = await instance.createCaller({ isAdmin: true });
  owner = await instance.createCaller();
});
afterAll(async () => {
  await instance.stop();
  await mailbox.close();
  party.closeAllConnections();
  party.close();
});

const deps = () => instance.server.deps;
const send = (workspaceId: string | null, text: string) =>
  inEgressScope({ workspaceId, videoId: workspaceId === null ? null : videoId }, () =>
    deps().egress.fetchFor('deepgram')(`${url}/v1/listen?mip_opt_out=true`, { method: 'POST', body: text }),
  );
const linesOf = (who: Caller) => who.call('listThirdPartyCalls', { query: {} });
const stateOf = async (name: string) =>
  (await createClient({ baseUrl: instance.baseUrl })('listThirdParties')).items.find((each) => each.party === name);
const page = async (path: string) => (await fetch(`${instance.baseUrl}${path}`, { headers: { 'accept-language': 'en' } })).text();
const mails = (subject: RegExp) => mailbox.received.filter((text) => subject.test(text));

describe('the policies', () => {
  test('say what is in force, have versions, show what changed, and people are told by mail', async () => {
    await keepPolicies(deps());
    const first = await page('/privacy');
    expect(first).toContain('Example Ltd, <a href="mailto:privacy@example.org">privacy@example.org</a>.');
    expect(first).toMatch(/<a href="http[^"]+\/api\/v1\/data-map\.json" rel="noopener noreferrer">/);
    expect(first).toContain('Deepgram, Inc.: Turning speech into text');
    expect(first).not.toContain('Stripe');
    expect(first).toContain('Free: 3 days after the upload.');
    expect(first).toMatch(/Version 1, in force since [A-Z][a-z]+ \d{1,2}, \d{4}\./);
    expect(await page('/privacy/processing')).toContain('Sub-processors');
    expect(await page('/privacy?lang=de')).toContain('Datenschutzerklärung');
    await keepPolicies(deps());
    expect(await page('/privacy'), 'nothing changed: no other version').toContain('Version 1,');
    expect(mails(/Subject: The privacy policy has changed/)).toEqual([]);

    const free = (await admin.call('listPlans')).items.find(({ slug }) => slug === 'free');
    await deps().db.asSystem((tx) =>
      deps().db.change(tx, 'UPDATE plans SET expires_after_days = 7 WHERE id = :id', { id: free?.id ?? '' }),
    );
    await Promise.all([keepPolicies(deps()), keepPolicies(deps())]);
    const second = await page('/privacy');
    expect(second).toContain('Version 2,');
    expect(second).toContain('<del>How long: Free: 3 days after the upload.</del>');
    expect(second).toContain('<ins>How long: Free: 7 days after the upload.</ins>');
    expect(await page('/privacy?version=1')).toContain('Free: 3 days after the upload.');
    const told = await until(
      'the mails',
      () => {
        const found = mails(/Subject: The privacy policy has changed/);
        return Promise.resolve(found.length >= 2 ? found : null);
      },
      60_000,
    );
    expect(told.filter((text) => text.includes(`To: ${owner.userId}@`))).toHaveLength(1);
    expect(told[0]).toContain('+ How long: Free: 7 days after the upload.');
  });
});

describe('the ledger (T2)', () => {
  test('shows a workspace when, to whom, how many bytes, for which video and with which opt-out, and nobody else’s', async () => {
    const other = await instance.createCaller();
    await send(owner.workspaceId, 'x'.repeat(1000));
    await send(owner.workspaceId, 'ä'.repeat(500));
    await send(null, 'of nobody');
    const [line] = await until(
      'the ledger',
      async () => {
        const { items } = await linesOf(owner);
        return items.reduce((sum, { calls }) => sum + calls, 0) === 2 ? items : null;
      },
      60_000,
    );
    expect(line).toMatchObject({ party: 'deepgram', host: new URL(url).host, videoId, outcome: '2xx', optOut: 'mip_opt_out=true' });
    const { items } = await linesOf(owner);
    expect(items.reduce((sum, { sentBytes }) => sum + sentBytes, 0)).toBe(2000);
    expect((await linesOf(other)).items).toEqual([]);
  });
});

describe('the ledger of what leaves by other ways (T2)', () => {
  test('has a line for mails that the mail server took, and for those it did not, shown to no workspace', async () => {
    const { db } = deps();
    const lines = () =>
      db.asSystem((tx) =>
        db.rows<{ host: string; outcome: string; sent_bytes: string; workspace_id: string | null }>(
          tx,
          "SELECT host, outcome, sent_bytes, workspace_id FROM egress_ledger WHERE party = 'mail-server'",
        ),
      );
    const mail = { to: 'jo@example.test', subject: 'Ledger', text: 'x'.repeat(3000), headers: {} };
    await sendByServer(deps(), mail);
    const env = { ...deps().env, CARMIC_SMTP_URL: 'smtp://127.0.0.1:1' };
    await expect(sendByServer({ ...deps(), env }, mail)).rejects.toThrow();
    const found = await until(
      'both lines',
      async () => {
        const all = await lines();
        return all.some(({ outcome }) => outcome === 'failed') && all.some(({ outcome }) => outcome === '2xx') ? all : null;
      },
      60_000,
    );
    expect(found.every(({ workspace_id: workspace }) => workspace === null)).toBe(true);
    const taken = found.filter(({ outcome }) => outcome === '2xx');
    expect(taken.map(({ host }) => host)).toContain(new URL(mailbox.url).host);
    expect(taken.reduce((sum, { sent_bytes: bytes }) => sum + Number(bytes), 0)).toBeGreaterThan(3000);
    expect(found.find(({ outcome }) => outcome === 'failed')).toMatchObject({ host: '127.0.0.1:1', sent_bytes: '0' });
  });
});

describe('switches (T1)', () => {
  test('an administrator closes the way out for one at once, and opens it again', async () => {
    expect(await stateOf('deepgram')).toMatchObject({ state: 'on', host: new URL(url).host });
    expect(await stateOf('stripe')).toMatchObject({ state: 'unused', host: null });
    await admin.call('updateThirdParty', { params: { party: 'deepgram' }, body: { isOff: true } });
    await until('the switch', () => Promise.resolve(deps().egress.isOpen('deepgram') ? null : true), 60_000);
    const before = hits;
    await expect(send(null, 'x')).rejects.toThrow(/switched off by an administrator/);
    expect(hits).toBe(before);
    await admin.call('updateThirdParty', { params: { party: 'deepgram' }, body: { isOff: false } });
    await until('the switch', () => Promise.resolve(deps().egress.isOpen('deepgram') ? true : null), 60_000);
    await send(null, 'x');
    await expect(admin.call('updateThirdParty', { params: { party: 'stripe' }, body: { isOff: true } })).rejects.toMatchObject({
      code: 'wrong_state',
    });
    await expect(admin.call('updateThirdParty', { params: { party: 'nobody' }, body: { isOff: true } })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a workspace that refuses one (T1)', () => {
  const engineOf = async (who: Caller, name: string) =>
    (await who.call('getSwitchboard')).switches.flatMap(({ engines }) => engines).find((engine) => engine.name === name);
  const params = { party: 'deepgram' };

  test('is not given to it: no engine of it is chosen, and a planted call ends before a byte leaves; others go on', async () => {
    const other = await instance.createCaller();
    const editor = await instance.createCaller({ role: 'editor', workspaceId: owner.workspaceId });
    await expect(editor.call('refuseThirdParty', { params })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(owner.call('refuseThirdParty', { params: { party: 'stripe' } })).rejects.toMatchObject({ code: 'wrong_state' });
    await expect(owner.call('refuseThirdParty', { params: { party: 'nobody' } })).rejects.toMatchObject({ code: 'not_found' });
    expect(await engineOf(owner, 'deepgram')).toMatchObject({ isAvailable: true, isRefused: false });

    await owner.call('refuseThirdParty', { params });
    await owner.call('refuseThirdParty', { params });
    // What is chosen is read from the rows, at once.
    const chosen = (workspaceId: string, kind: 'safety' | 'transcription') =>
      deps().db.inWorkspace(workspaceId, (tx) => enginesFor(deps(), tx, workspaceId, kind));
    expect(await engineOf(owner, 'deepgram')).toMatchObject({ isAvailable: false, isRefused: true });
    expect(await engineOf(other, 'deepgram')).toMatchObject({ isAvailable: true, isRefused: false });
    expect(await chosen(owner.workspaceId, 'transcription')).not.toContain('deepgram');
    expect(await chosen(other.workspaceId, 'transcription')).toContain('deepgram');
    await until('the way out to close', () => Promise.resolve(deps().egress.isOpen('deepgram', owner.workspaceId) ? null : true));
    const before = hits;
    await expect(send(owner.workspaceId, 'planted')).rejects.toThrow(/its owners refused it/);
    expect(hits).toBe(before);
    await send(other.workspaceId, 'x');
    await send(null, 'x');
    expect(hits).toBe(before + 2);

    await owner.call('allowThirdParty', { params });
    await until('the way out to open', () => Promise.resolve(deps().egress.isOpen('deepgram', owner.workspaceId) ? true : null));
    await send(owner.workspaceId, 'x');
    const changes = await deps().db.systemRows<{ data: object }>(
      "SELECT data FROM events WHERE type = 'third_party.changed' AND workspace_id = :id ORDER BY id",
      { id: owner.workspaceId },
    );
    expect(changes.map(({ data }) => data)).toEqual([
      { party: 'deepgram', isRefused: true },
      { party: 'deepgram', isRefused: false },
    ]);
  });

  test('is judged by our own classifier where it refuses the operator’s: a refusal is no way around the rules', async () => {
    const strict = await startInstance({
      env: { CARMIC_MODERATION_URL: url, CARMIC_SAFETY_ENGINES: 'moderation' },
      processes: ['web'],
    });
    try {
      const caller = await strict.createCaller();
      const chosen = () =>
        strict.server.deps.db.inWorkspace(caller.workspaceId, (tx) => enginesFor(strict.server.deps, tx, caller.workspaceId, 'safety'));
      expect(await chosen()).toEqual(['moderation']);
      await caller.call('refuseThirdParty', { params: { party: 'moderation' } });
      expect(await chosen()).toEqual(['built-in']);
    } finally {
      await strict.stop();
    }
  });
});

describe('a new third party', () => {
  test('is announced by mail 30 days before it is called, and an administrator may let it begin', async () => {
    // Another address is another recipient.
    await deps().db.asSystem((tx) =>
      deps().db.change(tx, "UPDATE third_parties SET origin = 'https://former.example' WHERE party = 'deepgram'"),
    );
    await Promise.all([announceParties(deps()), announceParties(deps())]);
    const { state, effectiveAt } = (await stateOf('deepgram')) ?? {};
    expect(state).toBe('announced');
    expect(Math.round((Date.parse(effectiveAt ?? '') - Date.now()) / 86_400_000)).toBe(30);
    await until('the way out to close', () => Promise.resolve(deps().egress.isOpen('deepgram') ? null : true), 60_000);
    await expect(send(owner.workspaceId, 'x')).rejects.toThrow(/was announced to customers and may be called from/);
    await until(
      'the mail',
      () => Promise.resolve(mails(/another company works for us/).find((text) => text.includes(`To: ${owner.userId}@`))),
      60_000,
    );
    expect(mails(/another company works for us/).some((text) => text.includes(`To: ${admin.userId}@`))).toBe(false);
    const day = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(effectiveAt ?? ''));
    expect(await page('/privacy/third-parties')).toContain(`announced from ${day} on`);
    await admin.call('updateThirdParty', { params: { party: 'deepgram' }, body: { beginNow: true } });
    await until('the way out to open', () => Promise.resolve(deps().egress.isOpen('deepgram') ? true : null), 60_000);
    expect(await stateOf('deepgram')).toMatchObject({ state: 'on' });
  });
});

test('accounts that people make themselves need somebody whom they can write to', async () => {
  const nameless = await startInstance({ env: { CARMIC_OPERATOR_NAME: '', CARMIC_OPERATOR_EMAIL: '' }, processes: ['web'] });
  try {
    const caller = await nameless.createCaller({ isAdmin: true });
    const settings = await caller.call('getAccountSettings');
    await expect(caller.call('putAccountSettings', { body: { ...settings, signUp: 'open' } }, { ifMatch: '*' })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    expect(await (await fetch(`${nameless.baseUrl}/privacy`)).text()).toContain('CARMIC_OPERATOR_NAME');
  } finally {
    await nameless.stop();
  }
});
