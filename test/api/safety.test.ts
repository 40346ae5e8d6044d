/** The safety policy acts on videos: it notes, holds and refuses; people review, decide and hear appeals. */
import { type Clip, type Insight, safetyCategories, type SafetyCategory, type SafetyRule, type Video } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addSeconds } from '../../server/src/core/clock.ts';
import { judgeCorrections } from '../../server/src/clips/clipSafety.ts';
import { claimStage } from '../../server/src/library/claimStage.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { serveModeration, type WordService } from '../support/wordServices.ts';

let moderation: WordService;
let instance: TestInstance;
let admin: Caller;
let customer: Caller;
let agent: ProtocolAgent;

beforeAll(async () => {
  moderation = await serveModeration((text) => (/harbour/i.test(text) ? { violence: 0.91 } : { violence: 0.01 }));
  instance = await startInstance({
    env: { CARMIC_MODERATION_URL: `${moderation.baseUrl}/v1`, CARMIC_MODERATION_KEY: 'k', CARMIC_LEASE_SECONDS: '300' },
  });
  admin = await instance.createCaller({ isAdmin: true });
  customer = await instance.createCaller();
  agent = await enrolAgent(instance);
  // The built-in classifier judges, except where a test says otherwise.
  await admin.call('updateInstanceEngines', { params: { kind: 'safety' }, body: { order: ['built-in'] } });
});
afterAll(async () => {
  await instance.stop();
  await moderation.close();
});

const clock = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
const srt = (lines: string[]) => lines.map((line, i) => `${i + 1}\n${clock(i * 8)} --> ${clock(i * 8 + 7)}\n${line}\n`).join('\n');
const clean = srt([
  'The river rose in the night and we carried four hundred books up the stairs before the morning came.',
  'What would you do differently? We would build the library on the hill, where the old mill stands today.',
  'The mayor visited us, and he brought bread and a very long rope that nobody ever used again.',
]);
const abusive = srt([
  'The river rose in the night and we carried four hundred books up the stairs before the morning came.',
  'Shut up you stupid fucking bitch, you disgusting piece of shit, I hope you die, you worthless fucking idiot.',
  'The mayor visited us, and he brought bread and a very long rope that nobody ever used again.',
]);

async function setRules(
  change: Partial<Record<SafetyCategory, Partial<SafetyRule>>>,
  planRules: { planId: string; rules: SafetyRule[] }[] = [],
) {
  const { items } = await admin.call('listSafetyPolicies');
  const rules = safetyCategories.map((category): SafetyRule => ({
    category,
    threshold: 0.5,
    video: 'note',
    clip: 'note',
    ...change[category],
  }));
  const body = { baseVersion: items[0]?.version ?? 0, note: 'Set by a test.', rules, planRules };
  return admin.call('createSafetyPolicy', { body });
}
const everyWord = (rule: Partial<SafetyRule>) =>
  Object.fromEntries(safetyCategories.filter((name) => name !== 'pictures').map((name) => [name, rule]));

/** Uploads a video and does the work of agents until it rests in one of `states`. */
async function settled(captions: string, owner = customer, analysis?: object, minClipSeconds = 5): Promise<Video> {
  const video = await uploadVideo(owner.call, instance.baseUrl, Buffer.from(`${Math.random()}`), {
    captions,
    wishes: { clipCount: 1, minClipSeconds, maxClipSeconds: 30, language: 'en' },
  });
  return rest(video.id, owner, analysis);
}
async function rest(id: string, owner = customer, analysis?: object): Promise<Video> {
  return until(
    'the video to rest',
    async () => {
      const lease = await agent.lease(['inspect', 'render'], 0);
      if (lease !== null) {
        await agent.finish(lease, analysis === undefined ? {} : { analysis });
      }
      const now = await owner.call('getVideo', { params: { id } });
      return ['ready', 'failed', 'held'].includes(now.state) ? now : null;
    },
    150_000,
  );
}
const insightOf = (id: string, owner = customer): Promise<Insight> => owner.call('getInsight', { params: { id } });
const eventsOf = async (id: string): Promise<string[]> => {
  const { db } = instance.server.deps;
  return (await db.asSystem((tx) => db.rows<{ type: string }>(tx, 'SELECT type FROM events WHERE video_id = :id', { id }))).map(
    ({ type }) => type,
  );
};
const minutesOf = (id: string) => customer.call('getUsage', {}).then(({ lines }) => lines.find((line) => line.videoId === id) ?? null);

describe('the policy', () => {
  test('every version is kept, a stale edit is told, and a policy without a rule for each category is refused', async () => {
    const before = (await admin.call('listSafetyPolicies')).items;
    const made = await setRules({ hate: { video: 'hold', threshold: 0.4 } });
    expect(made).toMatchObject({ version: (before[0]?.version ?? 0) + 1, note: 'Set by a test.', changedBy: 'Somebody' });
    expect(made.rules.find(({ category }) => category === 'hate')).toMatchObject({ threshold: 0.4, video: 'hold' });
    const body = { baseVersion: made.version - 1, note: 'Too late.', rules: made.rules };
    await expect(admin.call('createSafetyPolicy', { body })).rejects.toMatchObject({
      code: 'conflict',
      details: { version: made.version },
    });
    const short = { baseVersion: made.version, note: 'Too short.', rules: made.rules.slice(1) };
    await expect(admin.call('createSafetyPolicy', { body: short })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(customer.call('listSafetyPolicies')).rejects.toMatchObject({ status: 403 });
    expect((await admin.call('listSafetyPolicies')).items).toHaveLength(before.length + 1);
    expect((await customer.call('getSafetyRules')).version).toBe(made.version);
  });

  test('a plan can have rules of its own', async () => {
    const { items: plans } = await admin.call('listPlans', { query: {} });
    const { plan } = await customer.call('getEntitlements');
    const rule: SafetyRule = { category: 'hate', threshold: 0.9, video: 'refuse', clip: 'note' };
    const other = plans.find(({ id }) => id !== plan.id)?.id ?? '';
    await setRules({}, [{ planId: other, rules: [rule] }]);
    expect((await customer.call('getSafetyRules')).rules).not.toContainEqual(rule);
    await setRules({}, [{ planId: plan.id, rules: [rule] }]);
    expect((await customer.call('getSafetyRules')).rules).toContainEqual(rule);
  });
});

describe('what the policy does', () => {
  test('a note lets a video through and shows the passage with its time; insight has chapters and a verdict', async () => {
    await setRules({});
    const video = await settled(abusive);
    expect(video.state).toBe('ready');
    const insight = await insightOf(video.id);
    expect(insight.safety).toMatchObject({ outcome: 'noted', standing: 'noted', engine: 'built-in', canAppeal: false, decision: null });
    expect(insight.findings).toHaveLength(1);
    expect(insight.findings[0]).toMatchObject({ excerpt: expect.stringContaining('stupid') as string });
    expect(insight.findings[0]?.startSeconds).toBeLessThanOrEqual(8);
    expect(insight.findings[0]?.endSeconds).toBeGreaterThan(12);
    expect(insight.findings[0]?.score).toBeGreaterThan(0.5);
    expect(insight.chapters).toEqual([]);
    expect((await insightOf((await settled(clean)).id)).safety).toMatchObject({ outcome: 'clear', standing: 'clear' });
  });

  test('a held video waits, keeps everything, costs nothing, and goes on when a person allows it', async () => {
    await setRules(everyWord({ video: 'hold' }));
    const video = await settled(abusive);
    expect(video.state).toBe('held');
    expect(video.stages.find(({ name }) => name === 'highlights')).toMatchObject({
      state: 'waiting',
      note: expect.stringMatching(/review/) as string,
    });
    expect(await minutesOf(video.id)).toMatchObject({ usedSeconds: 0 });
    expect((await insightOf(video.id)).safety).toMatchObject({
      standing: 'waiting',
      reason: expect.stringMatching(/^Held for a review/) as string,
    });
    const review = (await admin.call('listSafetyReviews', { query: {} })).items.find(({ videoId }) => videoId === video.id);
    expect(review).toMatchObject({ kind: 'hold', state: 'open', workspaceId: customer.workspaceId });
    const shown = await admin.call('openSafetyReview', { params: { id: review?.id ?? '' } });
    expect(shown.findings[0]?.excerpt).toContain('stupid');
    const proxy = await fetch(new URL(shown.proxyUrl ?? '', instance.baseUrl));
    expect(proxy.status).toBe(200);
    await proxy.arrayBuffer();
    await expect(customer.call('openSafetyReview', { params: { id: review?.id ?? '' } })).rejects.toMatchObject({ status: 403 });
    const decided = await admin.call('decideSafetyReview', {
      params: { id: review?.id ?? '' },
      body: { decision: 'allow', reason: 'A quotation from a play.' },
    });
    expect(decided).toMatchObject({ state: 'allowed', decision: 'A quotation from a play.' });
    await expect(
      admin.call('decideSafetyReview', { params: { id: review?.id ?? '' }, body: { decision: 'refuse', reason: 'Once more.' } }),
    ).rejects.toMatchObject({ code: 'wrong_state' });
    expect((await rest(video.id)).state).toBe('ready');
    expect((await insightOf(video.id)).safety).toMatchObject({
      outcome: 'held',
      standing: 'allowed',
      decision: 'A quotation from a play.',
    });
    expect(await eventsOf(video.id)).toEqual(
      expect.arrayContaining(['safety.checked', 'safety.held', 'safety.review_opened', 'safety.decided', 'video.ready']),
    );
  });

  test('a refusal ends a video with its reason, without a charge; an appeal brings it back; another workspace sees nothing', async () => {
    await setRules(everyWord({ video: 'refuse' }));
    const video = await settled(abusive);
    expect(video).toMatchObject({ state: 'failed', failure: { code: 'policy_refused', stage: 'highlights', canRetry: false } });
    expect(await minutesOf(video.id)).toMatchObject({ usedSeconds: 0, reservedSeconds: expect.any(Number) as number });
    const stranger = await instance.createCaller();
    const appeal = (who: Caller) =>
      who.call('appealVideo', { params: { id: video.id }, body: { message: 'It is a rehearsal of a play.' } });
    await expect(appeal(stranger)).rejects.toMatchObject({ status: 404 });
    expect((await appeal(customer)).safety).toMatchObject({
      standing: 'refused',
      appeal: 'It is a rehearsal of a play.',
      canAppeal: false,
    });
    await expect(appeal(customer)).rejects.toMatchObject({ code: 'wrong_state' });
    const review = (await admin.call('listSafetyReviews', { query: {} })).items.find(({ videoId }) => videoId === video.id);
    expect(review).toMatchObject({ kind: 'appeal', appeal: 'It is a rehearsal of a play.' });
    await admin.call('decideSafetyReview', {
      params: { id: review?.id ?? '' },
      body: { decision: 'allow', reason: 'It is a play indeed.' },
    });
    expect((await rest(video.id)).state).toBe('ready');
    expect(await minutesOf(video.id)).toMatchObject({ usedSeconds: 60 });
    expect((await admin.call('listSafetyReviews', { query: { state: 'decided' } })).items[0]?.videoId).toBe(video.id);
  });

  test('a review can refuse, that can be appealed against once, and then it is final', async () => {
    await setRules(everyWord({ video: 'hold' }));
    const video = await settled(abusive);
    const openOf = async () =>
      (await admin.call('listSafetyReviews', { query: {} })).items.find(({ videoId }) => videoId === video.id)?.id ?? '';
    const refuse = async () =>
      admin.call('decideSafetyReview', { params: { id: await openOf() }, body: { decision: 'refuse', reason: 'An insult to a person.' } });
    await refuse();
    const failed = await customer.call('getVideo', { params: { id: video.id } });
    expect(failed.failure).toMatchObject({ code: 'policy_refused', message: expect.stringContaining('An insult') as string });
    const appeal = () => customer.call('appealVideo', { params: { id: video.id }, body: { message: 'Please look again.' } });
    expect((await insightOf(video.id)).safety?.canAppeal).toBe(true);
    await appeal();
    await refuse();
    await expect(appeal()).rejects.toMatchObject({ code: 'wrong_state' });
    expect((await insightOf(video.id)).safety).toMatchObject({ standing: 'refused', canAppeal: false });
  });

  test('where clips may not hold it, no clip touches the passage', async () => {
    await setRules(everyWord({ video: 'note', clip: 'refuse' }));
    const video = await settled(abusive);
    const { items } = await customer.call('listClips', { params: { id: video.id } });
    const [finding] = (await insightOf(video.id)).findings;
    expect(items.length).toBeGreaterThan(0);
    for (const clip of items) {
      expect(clip.startSeconds >= (finding?.endSeconds ?? 0) - 0.01 || clip.endSeconds <= (finding?.startSeconds ?? 0) + 0.01).toBe(true);
    }
  });

  test('pictures: two agreeing frames hold a video, one alone does not', async () => {
    await setRules({ pictures: { threshold: 0.7, video: 'hold' } });
    const analysis = (scores: number[]) => ({
      hopSeconds: 0.5,
      loudnessDb: [],
      peaks: [],
      motion: [],
      cutsSeconds: [],
      pictures: { model: 'a model', atSeconds: scores.map((_, i) => i * 5), scores },
    });
    expect((await settled(clean, customer, analysis([0.1, 0.99, 0.1, 0.2]))).state).toBe('ready');
    const held = await settled(clean, customer, analysis([0.1, 0.99, 0.8, 0.2]));
    expect(held).toMatchObject({ state: 'held', isSensitive: true });
    const { findings, safety } = await insightOf(held.id);
    expect(safety?.engine).toContain('a model');
    expect(findings).toMatchObject([{ category: 'pictures', startSeconds: 4, endSeconds: 11, score: 0.8, timesSeconds: [5, 10] }]);
  });
});

describe('single clips', () => {
  const theClip = async (id: string): Promise<Clip> => {
    const [clip] = (await customer.call('listClips', { params: { id } })).items;
    return clip ?? expect.unreachable();
  };
  const clipUntil = (what: string, id: string, is: (clip: Clip) => boolean) =>
    until(
      what,
      async () => {
        const clip = await theClip(id);
        return is(clip) ? clip : null;
      },
      60_000,
    );
  const casesOf = async (clipId: string, state: 'open' | 'decided' = 'open') =>
    (await admin.call('listSafetyReviews', { query: { state, limit: 100 } })).items.filter((review) => review.clipId === clipId);
  const decide = async (clipId: string, decision: 'allow' | 'refuse', reason: string) =>
    admin.call('decideSafetyReview', { params: { id: (await casesOf(clipId))[0]?.id ?? '' }, body: { decision, reason } });
  const zipOf = (renditionId: string) =>
    fetch(`${instance.baseUrl}/api/v1/renditions/${renditionId}/exports/zip`, { headers: { authorization: `Bearer ${customer.token}` } });
  const videoUrlOf = (clip: Clip) => clip.renditions[0]?.media.downloadUrl;

  test('one that holds what the rules stop waits for a person; its files are not given out; an appeal brings them back', async () => {
    await setRules(everyWord({ video: 'note', clip: 'hold' }));
    const video = await settled(abusive, customer, undefined, 20);
    expect(video).toMatchObject({ state: 'ready', isSensitive: false });
    const clip = await theClip(video.id);
    expect(clip.safety).toMatchObject({ state: 'held', reason: expect.stringMatching(/^Held .*, at 0:0/) as string, canAppeal: false });
    const [rendition] = clip.renditions;
    expect(rendition).toMatchObject({ state: 'ready', isWithheld: true });
    expect([...Object.values(rendition?.media ?? {})].flat().filter((url) => url !== null)).toEqual([]);
    expect((await customer.call('getRendition', { params: { id: rendition?.id ?? '' } })).media.videoUrl).toBeNull();
    expect((await zipOf(rendition?.id ?? '')).status).toBe(409);
    const [review] = await casesOf(clip.id);
    expect(review).toMatchObject({ kind: 'hold', clipId: clip.id, videoId: video.id, reason: clip.safety?.reason });
    const shown = await admin.call('openSafetyReview', { params: { id: review?.id ?? '' } });
    expect(shown).toMatchObject({ title: clip.title, span: { startSeconds: clip.startSeconds, endSeconds: clip.endSeconds } });
    expect(shown.findings[0]?.excerpt).toContain('stupid');
    await decide(clip.id, 'refuse', 'An insult to a person.');
    expect((await theClip(video.id)).safety).toMatchObject({ state: 'refused', decision: 'An insult to a person.', canAppeal: true });
    const appeal = (who: Caller) => who.call('appealClip', { params: { id: clip.id }, body: { message: 'It is from a play.' } });
    await expect(appeal(await instance.createCaller())).rejects.toMatchObject({ status: 404 });
    expect((await appeal(customer)).safety).toMatchObject({ state: 'refused', appeal: 'It is from a play.', canAppeal: false });
    await expect(appeal(customer)).rejects.toMatchObject({ code: 'wrong_state' });
    await decide(clip.id, 'allow', 'A play indeed.');
    const allowed = await theClip(video.id);
    expect(allowed.safety).toMatchObject({ state: 'allowed', decision: 'A play indeed.' });
    expect(videoUrlOf(allowed)).toBeTruthy();
    expect((await zipOf(rendition?.id ?? '')).status).toBe(200);
    expect((await customer.call('getVideo', { params: { id: video.id } })).state).toBe('ready');
    expect(await eventsOf(video.id)).toEqual(expect.arrayContaining(['safety.held', 'safety.decided', 'safety.appealed', 'video.ready']));
  });

  test('one whose passage is cut out is let go, but not the file of the cut that holds it', async () => {
    await setRules(everyWord({ video: 'note', clip: 'hold' }));
    const video = await settled(abusive, customer, undefined, 20);
    const clip = await theClip(video.id);
    const [finding] = (await insightOf(video.id)).findings;
    const segments = [{ startSeconds: (finding?.endSeconds ?? 0) + 0.1, endSeconds: clip.endSeconds }];
    await customer.call('createClipEdit', { params: { id: clip.id }, body: { kind: 'segments', baseVersion: 1, segments } });
    // Its title quotes the passage.
    await customer.call('updateClip', { params: { id: clip.id }, body: { title: 'The mayor visited us' } });
    const free = await clipUntil('the clip to be let go', video.id, ({ safety }) => safety === null);
    expect(free.renditions[0]).toMatchObject({ editVersion: 1, isWithheld: true, media: { downloadUrl: null } });
    expect(await casesOf(clip.id, 'decided')).toMatchObject([{ state: 'withdrawn' }]);
    await customer.call('chooseClipEdit', { params: { id: clip.id }, body: { version: 1 } });
    await clipUntil('the clip to be held again', video.id, ({ safety }) => safety?.state === 'held');
    await decide(clip.id, 'allow', 'It may stay.');
    expect(videoUrlOf(await theClip(video.id))).toBeTruthy();
  });

  test('words, titles and tags that a person changes are judged again; what was found stays when the words are put back', async () => {
    await setRules(everyWord({ video: 'hold' }));
    const video = await settled(clean, customer, undefined, 20);
    const clip = await theClip(video.id);
    expect(clip.safety).toBeNull();
    const rename = (title: string) => customer.call('updateClip', { params: { id: clip.id }, body: { title } });
    await rename('You stupid worthless fucking bitch, shut up and die');
    const named = await clipUntil('the title to hold the clip', video.id, ({ safety }) => safety?.state === 'held');
    expect(named.safety?.reason).toMatch(/in the title\.$/);
    expect((await casesOf(clip.id))[0]?.reason).toBe(named.safety?.reason);
    await rename('Four hundred books');
    await clipUntil('the clip to be let go', video.id, ({ safety }) => safety === null);
    const tag = (tags: string[]) => customer.call('updateClip', { params: { id: clip.id }, body: { tags } });
    await tag(['You stupid worthless fucking bitch', 'shut up and die']);
    const tagged = await clipUntil('the tags to hold the clip', video.id, ({ safety }) => safety?.state === 'held');
    expect(tagged.safety?.reason).toMatch(/in the tags\.$/);
    await tag(['books']);
    expect(videoUrlOf(await clipUntil('the clip to be let go', video.id, ({ safety }) => safety === null))).toBeTruthy();
    const { version, words } = await customer.call('getTranscript', { params: { id: video.id } });
    const at = words.findIndex(({ text }) => text === 'What');
    const correct = (from: number, to: number, text: string, base: number) =>
      customer.call('updateTranscript', { params: { id: video.id }, body: { version: base, corrections: [{ from, to, text }] } });
    await correct(at, at + 1, 'Shut up you stupid fucking bitch, you disgusting piece of shit, what', version);
    const held = await clipUntil('the words to hold the clip', video.id, ({ safety }) => safety?.state === 'held');
    expect(videoUrlOf(held)).toBeNull();
    expect((await insightOf(video.id)).findings.map(({ excerpt }) => excerpt).join()).toContain('stupid fucking');
    expect((await customer.call('getVideo', { params: { id: video.id } })).state).toBe('ready');
    const now = await customer.call('getTranscript', { params: { id: video.id } });
    const first = now.words.findIndex(({ text }) => text === 'Shut');
    await correct(first, now.words.findIndex(({ text }) => text === 'what') + 1, 'What', now.version);
    await judgeCorrections(instance.server.deps, customer.workspaceId, video.id);
    expect((await theClip(video.id)).safety?.state).toBe('held');
    await decide(clip.id, 'allow', 'The words were put back.');
    expect(videoUrlOf(await theClip(video.id))).toBeTruthy();
  });
});

describe('the endpoint', () => {
  test('judges in the place of the built-in classifier; when it fails, that one stands in and the use is counted', async () => {
    await setRules({});
    await admin.call('updateInstanceEngines', { params: { kind: 'safety' }, body: { order: null } });
    const text = clean.replace('The mayor', 'The harbour');
    const video = await settled(text);
    const insight = await insightOf(video.id);
    expect(insight.safety?.engine).toBe('moderation');
    expect(insight.findings).toMatchObject([{ category: 'violence', score: 0.91 }]);
    const asked = moderation.seen.at(-1);
    expect(asked).toMatchObject({ path: '/v1/moderations', authorization: 'Bearer k' });
    expect(asked?.body['input']).toEqual(expect.arrayContaining([expect.stringContaining('harbour')]));
    moderation.failNext(401, { error: { message: 'no' } });
    expect((await insightOf((await settled(text)).id)).safety?.engine).toBe('built-in');
    const { usage } = await customer.call('getSwitchboard');
    const used = usage.find(({ kind, engine }) => kind === 'safety' && engine === 'moderation');
    expect(used).toMatchObject({ calls: 2, failedCalls: 1 });
    const tried = await admin.call('testEngine', { body: { kind: 'safety', engine: 'moderation' } });
    expect(tried).toMatchObject({ isOk: true });
  });
});

describe('the work of a stage', () => {
  test('is done by one at a time, whatever wakes it; what a dead worker claimed is free again after a while', async () => {
    const { deps } = instance.server;
    const { id, state } = await settled(clean);
    const video = { id, state, workspaceId: customer.workspaceId };
    const running: (() => void)[] = [];
    const work = () => new Promise<void>((resolve) => running.push(resolve));
    const all = [1, 2, 3, 4].map(() => claimStage(deps, video, work));
    // Three are turned away while the one works.
    const turnedAway = await until('three answers', () => Promise.resolve(running.length === 1 ? all : null));
    const first = await Promise.race(turnedAway);
    expect(first).toBe(false);
    running[0]?.();
    expect((await Promise.all(all)).filter(Boolean)).toHaveLength(1);
    expect(running).toHaveLength(1);
    // Ended, by a fault too, it is free.
    await expect(claimStage(deps, video, () => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault');
    const mark = (seconds: number) =>
      deps.db.asSystem((tx) =>
        deps.db.change(tx, 'UPDATE videos SET worked_until = :until WHERE id = :id', { id, until: addSeconds(deps.clock.now(), seconds) }),
      );
    const nothing = () => Promise.resolve();
    await mark(60);
    expect(await claimStage(deps, video, nothing)).toBe(false);
    await mark(-1);
    expect(await claimStage(deps, video, nothing)).toBe(true);
    // Another stage is another work.
    expect(await claimStage(deps, { ...video, state: 'selecting' }, nothing)).toBe(false);
  });
});

describe('moments by wish', () => {
  test('are found by subject without making anything, and made into clips that are rendered', async () => {
    await setRules({});
    const video = await settled(clean);
    await customer
      .call('listClips', { params: { id: video.id } })
      .then(({ items }) =>
        Promise.all(items.map(({ id }) => customer.call('updateClip', { params: { id }, body: { state: 'discarded' } }))),
      );
    const wish = { topics: ['library'], minClipSeconds: 5, maxClipSeconds: 30, count: 3 };
    const before = (await customer.call('listClips', { params: { id: video.id } })).items.length;
    const { items } = await customer.call('findMoments', { params: { id: video.id }, body: wish });
    expect(items.length).toBeGreaterThan(0);
    expect(items.every(({ excerpt }) => excerpt.includes('library'))).toBe(true);
    expect((await customer.call('listClips', { params: { id: video.id } })).items).toHaveLength(before);
    const nothing = await customer.call('findMoments', { params: { id: video.id }, body: { ...wish, topics: ['volcano'] } });
    expect(nothing.items).toEqual([]);
    const startSeconds = [items[0]?.startSeconds ?? 0];
    const make = (starts: number[]) =>
      customer.call('createClipsFromMoments', { params: { id: video.id }, body: { ...wish, startSeconds: starts } });
    await expect(make([3.14])).rejects.toMatchObject({ code: 'invalid_input' });
    const made = (await make(startSeconds)).items;
    expect(made).toMatchObject([{ state: 'suggested', excerpt: items[0]?.excerpt, renditions: [{ state: 'queued' }] }]);
    expect(made[0]?.posts.map(({ platform }) => platform)).toContain('youtube');
    // What is a clip now is not found again.
    const again = await customer.call('findMoments', { params: { id: video.id }, body: wish });
    expect(again.items.filter((moment) => moment.startSeconds === startSeconds[0])).toEqual([]);
  });
});
