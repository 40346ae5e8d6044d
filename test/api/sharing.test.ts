/** Links to clips for people without an account: what they open, what they refuse, and how they end. Keeps: R6, S1, S4. */
import { createClient, type Call, type Clip, type ClipComment } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashSecret } from '../../server/src/core/crypto.ts';
import { newId } from '../../server/src/core/ids.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let owner: Caller;
let stranger: Caller;
let admin: Caller;
let clip: Clip;
/** A caller that nobody knows. */
let guest: Call;
const secret = 'a password for the client';

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '600' } });
  owner = await instance.createCaller();
  stranger = await instance.createCaller();
  admin = await instance.createCaller({ isAdmin: true });
  guest = createClient({ baseUrl: instance.baseUrl });
  const agent = await enrolAgent(instance);
  const video = await uploadVideo(owner.call, instance.baseUrl, Buffer.from('a video to be shown'), { wishes: { clipCount: 1 } });
  for (let isReady = false; !isReady;) {
    const lease = await agent.lease(['inspect', 'render'], 2);
    if (lease !== null) {
      await agent.finish(lease);
    }
    const [found] = (await owner.call('listClips', { params: { id: video.id } })).items;
    isReady = found?.renditions.some(({ state }) => state === 'ready') ?? false;
    clip = found ?? clip;
  }
});
afterAll(() => instance.stop());

type Wish = { kind: 'view' | 'review'; password?: string; canDownload?: boolean; expiresInDays?: number };

/** Makes a link; answers its id and its secret. */
async function makeLink(wish: Wish): Promise<{ id: string; linkToken: string }> {
  const { link, url } = await owner.call('createClipLink', { params: { id: clip.id }, body: wish });
  expect(url).toMatch(/\/#\/shared\?token=carmic_clip_[\w-]{43}$/);
  return { id: link.id, linkToken: url.split('token=')[1] ?? '' };
}

async function visit(linkToken: string, password?: string) {
  const answer = await guest('openSharedClip', { body: { linkToken, ...(password === undefined ? {} : { password }) } });
  if (answer.state !== 'open') {
    throw new Error('It asks for a password.');
  }
  return answer.clip;
}

const reviews = () => owner.call('listReviews', { params: { id: clip.videoId } });

describe('a link to a clip', () => {
  test('shows the clip and nothing else to somebody without an account', async () => {
    const { id, linkToken } = await makeLink({ kind: 'view' });
    const shared = await visit(linkToken);
    expect(shared).toMatchObject({ title: clip.title, kind: 'view', comments: [] });
    expect(Object.keys(shared).sort()).toEqual(['comments', 'durationSeconds', 'expiresAt', 'kind', 'title', 'versions']);
    const [version] = shared.versions;
    expect(version?.downloadUrl).toBeNull();
    expect((await fetch(new URL(version?.videoUrl ?? '', instance.baseUrl))).status).toBe(200);
    await expect(
      guest('addSharedComment', { body: { linkToken, name: 'Ada', text: 'Nice', kind: 'comment', atSeconds: null } }),
    ).rejects.toMatchObject({ code: 'forbidden' });
    const { links } = await reviews();
    expect(links.find((link) => link.id === id)).toMatchObject({ clipId: clip.id, kind: 'view', hasPassword: false, canDownload: false });
    const free = await makeLink({ kind: 'view', canDownload: true });
    expect((await visit(free.linkToken)).versions[0]?.downloadUrl).toMatch(/^\/storage\//);
  });

  test('is stored as a hash, and asks for its password before it says anything', async () => {
    const { id, linkToken } = await makeLink({ kind: 'review', password: secret });
    const { db } = instance.server.deps;
    const [row] = await db.systemRows<{ token_hash: Buffer; password_hash: string }>('SELECT * FROM clip_links WHERE id = :id', { id });
    expect(row?.token_hash.equals(hashSecret(linkToken))).toBe(true);
    expect(row?.password_hash).toMatch(/^\$argon2id\$/);
    expect(JSON.stringify(row)).not.toContain(linkToken);
    expect(await guest('openSharedClip', { body: { linkToken } })).toEqual({ state: 'password_needed' });
    const comment = { linkToken, name: 'Ada', text: 'Nice', kind: 'comment' as const, atSeconds: null };
    await expect(guest('addSharedComment', { body: comment })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(visit(linkToken, 'another password')).rejects.toMatchObject({ code: 'forbidden' });
    expect((await visit(linkToken, secret)).title).toBe(clip.title);
  });

  test('guesses at its password are counted against the link, whatever the address', async () => {
    const { linkToken } = await makeLink({ kind: 'view', password: secret });
    const codes: string[] = [];
    for (let tries = 0; tries < 12; tries += 1) {
      codes.push(
        await visit(linkToken, `guess number ${tries}`).then(
          () => 'open',
          (error: { code: string }) => error.code,
        ),
      );
    }
    expect(codes.filter((code) => code === 'forbidden')).toHaveLength(10);
    expect(codes.at(-1)).toBe('rate_limited');
    const other = await makeLink({ kind: 'view' });
    expect((await visit(other.linkToken)).title).toBe(clip.title);
  });

  test('that was taken back, has expired or never was answers one and the same', async () => {
    const answer = (linkToken: string) =>
      visit(linkToken).then(
        () => 'open',
        (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
      );
    const never = await answer('carmic_clip_that_nobody_has_made');
    expect(never).toMatch(/^gone: /);
    const taken = await makeLink({ kind: 'view' });
    await owner.call('deleteClipLink', { params: { id: taken.id } });
    expect(await answer(taken.linkToken)).toBe(never);
    const old = await makeLink({ kind: 'view' });
    const { db } = instance.server.deps;
    await db.asSystem((tx) => db.change(tx, 'UPDATE clip_links SET expires_at = now() WHERE id = :id', { id: old.id }));
    expect(await answer(old.linkToken)).toBe(never);
    const discarded = await makeLink({ kind: 'view' });
    await owner.call('updateClip', { params: { id: clip.id }, body: { state: 'discarded' } });
    expect(await answer(discarded.linkToken)).toBe(never);
    await owner.call('updateClip', { params: { id: clip.id }, body: { state: 'suggested' } });
    expect(await answer(discarded.linkToken)).toBe('open');
    await admin.call('suspendWorkspace', { params: { id: owner.workspaceId }, body: { reason: 'Somebody else’s films' } });
    expect(await answer(discarded.linkToken)).toBe(never);
    await admin.call('reinstateWorkspace', { params: { id: owner.workspaceId } });
    expect(await answer(discarded.linkToken)).toBe('open');
  });

  test('of another workspace can neither be listed, made, taken back nor answered (S4)', async () => {
    const { id, linkToken } = await makeLink({ kind: 'review' });
    const { comments } = await guest('addSharedComment', {
      body: { linkToken, name: 'Ada', text: 'Mine', kind: 'comment', atSeconds: null },
    });
    const comment = { params: { id: comments[0]?.id ?? '' } };
    for (const refused of [
      () => stranger.call('listReviews', { params: { id: clip.videoId } }),
      () => stranger.call('createClipLink', { params: { id: clip.id }, body: { kind: 'view' } }),
      () => stranger.call('deleteClipLink', { params: { id } }),
      () => stranger.call('updateClipComment', { ...comment, body: { isDone: true } }),
      () => stranger.call('deleteClipComment', comment),
    ]) {
      await expect(refused()).rejects.toMatchObject({ code: 'not_found' });
    }
    expect((await visit(linkToken)).comments).toEqual(comments);
  });
});

describe('a review', () => {
  const say = (linkToken: string, body: { id?: string; text: string; kind?: ClipComment['kind']; atSeconds?: number | null }) =>
    guest('addSharedComment', { body: { linkToken, name: 'Ada', kind: 'comment', atSeconds: null, ...body } });

  test('takes a comment once that is sent once more, and no id of another link’s', async () => {
    const [mine, theirs] = [await makeLink({ kind: 'review' }), await makeLink({ kind: 'review' })];
    const comment = { id: newId(), text: 'Said twice on a bad line' };
    const first = await say(mine.linkToken, comment);
    expect(await say(mine.linkToken, comment)).toEqual(first);
    expect(first.comments.map(({ text }) => text)).toEqual([comment.text]);
    await expect(say(theirs.linkToken, comment)).rejects.toMatchObject({ code: 'conflict' });
    expect((await visit(theirs.linkToken)).comments).toEqual([]);
  });

  test('comes to the editors with its place and its decision, and guests see what was said through their own link only', async () => {
    const mine = await makeLink({ kind: 'review' });
    const theirs = await makeLink({ kind: 'review' });
    await say(mine.linkToken, { text: 'The title is cut off', atSeconds: 2.5 });
    await say(theirs.linkToken, { text: 'Another client speaks' });
    await expect(say(mine.linkToken, { text: '  ', kind: 'changes_requested' })).rejects.toMatchObject({ code: 'invalid_input' });
    const shared = await say(mine.linkToken, { text: '', kind: 'approved' });
    expect(shared.comments.map(({ kind, text, atSeconds }) => [kind, text, atSeconds])).toEqual([
      ['comment', 'The title is cut off', 2.5],
      ['approved', '', null],
    ]);
    const { comments } = await reviews();
    expect(comments.map(({ text }) => text)).toEqual(expect.arrayContaining(['The title is cut off', 'Another client speaks', '']));
    const [first] = shared.comments;
    const params = { id: first?.id ?? '' };
    expect(await owner.call('updateClipComment', { params, body: { isDone: true } })).toEqual({ ...first, isDone: true });
    expect((await visit(mine.linkToken)).comments[0]?.isDone).toBe(true);
    await owner.call('deleteClipLink', { params: { id: mine.id } });
    expect((await reviews()).comments.map(({ id }) => id)).toContain(first?.id);
    await owner.call('deleteClipComment', { params });
    expect((await reviews()).comments.map(({ id }) => id)).not.toContain(first?.id);
  });

  test('says nothing of what people wrote in its events, and keeps names and words sealed (S1)', async () => {
    const { linkToken } = await makeLink({ kind: 'review' });
    await say(linkToken, { text: 'A sentence that nobody else may read' });
    const { db } = instance.server.deps;
    const events = await db.systemRows<{ type: string; data: object }>('SELECT type, data FROM events WHERE workspace_id = :workspaceId', {
      workspaceId: owner.workspaceId,
    });
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['clip.link_created', 'clip.commented']));
    expect(JSON.stringify(events)).not.toMatch(/Ada|A sentence that/);
    const rows = await db.systemRows<{ name_sealed: Buffer; text_sealed: Buffer }>('SELECT * FROM clip_comments');
    expect(rows.some((row) => Buffer.concat([row.name_sealed, row.text_sealed]).includes('A sentence'))).toBe(false);
  });

  test('ends with its clip: at once for whoever has the link, and its rows when the deletion is done (R6)', async () => {
    const { linkToken } = await makeLink({ kind: 'review' });
    const [version] = (await say(linkToken, { text: 'The last word' })).versions;
    await owner.call('deleteVideo', { params: { id: clip.videoId } });
    await expect(visit(linkToken)).rejects.toMatchObject({ code: 'gone' });
    expect((await fetch(new URL(version?.videoUrl ?? '', instance.baseUrl))).status).not.toBe(200);
    const { db } = instance.server.deps;
    await until('the rows to go', async () => {
      const left = await db.systemRows('SELECT id FROM clip_links UNION ALL SELECT id FROM clip_comments');
      return left.length === 0 ? true : null;
    });
  });
});
