/** Words as people work with them: corrections, speakers, glossary, search, translations, and which engine does what. */
import { ApiError, type Transcript, type Video } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyChange } from '../../console/src/state/applyChange.ts';
import { storeTranscript } from '../../server/src/understanding/transcripts.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { serveLanguageModel, serveLibreTranslate, type WordService } from '../support/wordServices.ts';

let libre: WordService;
let model: WordService;
let instance: TestInstance;
let caller: Caller;
let agent: ProtocolAgent;

/** Turns a sentence into something that is plainly another language, keeps what stands in capitals and digits. */
const inverted = (text: string) => text.replace(/[a-z]+/g, (word) => (word === 'not' ? 'nicht' : `${word.split('').reverse().join('')}`));

beforeAll(async () => {
  libre = await serveLibreTranslate(inverted);
  model = await serveLanguageModel((user) => {
    const { lines } = JSON.parse(user) as { lines: { id: number; text: string }[] };
    return `Here you are:\n\`\`\`json\n${JSON.stringify({ lines: lines.map(({ id, text }) => ({ id, text: inverted(text) })) })}\n\`\`\``;
  });
  instance = await startInstance({
    env: {
      CARMIC_LIBRETRANSLATE_URL: libre.baseUrl,
      CARMIC_LLM_URL: `${model.baseUrl}/v1`,
      CARMIC_LLM_MODEL: 'tiny',
      CARMIC_LLM_KEY: 'secret',
    },
  });
  caller = await instance.createCaller({ isAdmin: true });
  agent = await enrolAgent(instance);
});
afterAll(async () => {
  await instance.stop();
  await libre.close();
  await model.close();
});

const lines = [
  'ADA: Welcome back. Today we talk about harbours with carmick, and about money.',
  'BOB: We did not double the number of harbours. We built 42 of them in 2019.',
  'ADA: What happened in Rotterdam then? Nobody had planned for the xylographic flood.',
  'BOB: The river rose in the night, and we carried four hundred books up the stairs.',
];
const clock = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
const captions = lines.map((line, i) => `${i + 1}\n${clock(i * 8)} --> ${clock(i * 8 + 7)}\n${line}\n`).join('\n');

async function readyVideo(owner: Caller, text = captions, fileName = 'harbour-talk.mp4'): Promise<Video> {
  const video = await uploadVideo(owner.call, instance.baseUrl, Buffer.from(fileName), {
    captions: text,
    fileName,
    wishes: { clipCount: 1, minClipSeconds: 5, maxClipSeconds: 30, language: 'en' },
  });
  for (;;) {
    const lease = await agent.lease(['inspect', 'render'], 1);
    if (lease !== null) {
      await agent.finish(lease);
      continue;
    }
    const now = await owner.call('getVideo', { params: { id: video.id } });
    if (now.state === 'ready' || now.state === 'failed') {
      expect(now.state).toBe('ready');
      return now;
    }
  }
}

const transcriptOf = (id: string, owner = caller) => owner.call('getTranscript', { params: { id } });
const find = (transcript: Transcript, text: string) =>
  transcript.words.findIndex((word) => word.text.toLowerCase().startsWith(text.toLowerCase()));
const textOf = (transcript: Transcript) => transcript.words.map((word) => word.text).join(' ');

describe('corrected words', () => {
  let video: Video;
  beforeAll(async () => {
    video = await readyVideo(caller);
  });

  test('keep their times, and teach the glossary', async () => {
    const before = await transcriptOf(video.id);
    expect(before.version).toBe(0);
    const at = find(before, 'carmick');
    const change = await caller.call('updateTranscript', {
      params: { id: video.id },
      body: { version: 0, corrections: [{ from: at, to: at + 1, text: 'Carmic,' }] },
    });
    expect(change).toMatchObject({ version: 1, changes: [{ from: at, to: at + 1, words: [{ text: 'Carmic,' }] }] });
    const after = await transcriptOf(video.id);
    expect(applyChange(before, change)).toEqual(after);
    expect(after.version).toBe(1);
    expect(after.words[at]).toEqual({ ...before.words[at], text: 'Carmic,', confidence: 1, isCorrected: true });
    expect(after.words.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])).toEqual(
      before.words.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]),
    );
    const { items } = await caller.call('listTerms');
    expect(items).toMatchObject([{ term: 'Carmic', soundsLike: ['carmick'], origin: 'correction' }]);
  });

  test('two people who edit the same version: the second is told, and nothing is lost', async () => {
    const { version, words } = await transcriptOf(video.id);
    const last = words.length - 1;
    const edit = (text: string) =>
      caller.call('updateTranscript', { params: { id: video.id }, body: { version, corrections: [{ from: last, to: last + 1, text }] } });
    const results = await Promise.allSettled([edit('steps.'), edit('ladder.')]);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(ApiError);
    expect(refused?.reason).toMatchObject({ status: 409, code: 'conflict', details: { version: version + 1 } });
    const now = await transcriptOf(video.id);
    expect(now.version).toBe(version + 1);
    expect(['steps.', 'ladder.']).toContain(now.words[last]?.text);
  });

  test('can be put back, and a place that is not there is refused', async () => {
    const { version, words } = await transcriptOf(video.id);
    const last = words.length - 1;
    const fixed = await caller.call('updateTranscript', {
      params: { id: video.id },
      body: { version, corrections: [{ from: last, to: last + 1, text: 'stairs.' }] },
    });
    expect(fixed.changes).toEqual([{ from: last, to: last + 1, words: [expect.objectContaining({ text: 'stairs.' })] }]);
    expect(fixed.changes[0]?.words[0]?.isCorrected).toBeUndefined();
    await expect(
      caller.call('updateTranscript', {
        params: { id: video.id },
        body: { version: fixed.version, corrections: [{ from: 500, to: 501, text: 'x' }] },
      }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('speakers are named and merged', async () => {
    const before = await transcriptOf(video.id);
    const { version, speakers } = before;
    expect(speakers).toEqual([
      { label: 'ADA', name: 'ADA' },
      { label: 'BOB', name: 'BOB' },
    ]);
    const named = await caller.call('updateTranscript', {
      params: { id: video.id },
      body: {
        version,
        speakers: [
          { label: 'ADA', name: 'Ada Lovelace' },
          { label: 'BOB', name: 'Ada Lovelace' },
        ],
      },
    });
    const called = applyChange(before, named);
    expect(called).toEqual(await transcriptOf(video.id));
    expect(new Set(called.words.map((word) => word.speaker))).toEqual(new Set(['Ada Lovelace']));
    const apart = await caller.call('updateTranscript', {
      params: { id: video.id },
      body: { version: named.version, speakers: [{ label: 'BOB', name: 'BOB' }] },
    });
    expect(new Set(applyChange(called, apart).words.map((word) => word.speaker))).toEqual(new Set(['Ada Lovelace', 'BOB']));
  });

  test('a rendition asked for after an edit is another one, made of the corrected words', async () => {
    const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
    const id = clip?.id ?? '';
    const first = await caller.call('createRendition', { params: { id }, body: { aspect: '9:16' } });
    const { version, words } = await transcriptOf(video.id);
    const at = words.findIndex((word) => word.startSeconds >= (clip?.startSeconds ?? 0));
    await caller.call('updateTranscript', {
      params: { id: video.id },
      body: { version, corrections: [{ from: at, to: at + 1, text: 'Hearye' }] },
    });
    const second = await caller.call('createRendition', { params: { id }, body: { aspect: '9:16' } });
    expect(second.id).not.toBe(first.id);
    const specs: string[] = [];
    for (let lease = await agent.lease(['render'], 2); lease !== null; lease = await agent.lease(['render'], 1)) {
      specs.push(lease.spec.kind === 'render' ? (lease.spec.captions?.words.map((word) => word.text).join(' ') ?? '') : '');
      await agent.finish(lease);
    }
    expect(specs.at(-1)).toContain('Hearye');
  });

  test('survive a new analysis by another engine, with the names of the speakers', async () => {
    const before = await transcriptOf(video.id);
    const heard = before.words.map((word, i) => ({
      text: word.text === 'Carmic,' ? 'car mick,' : `${word.text}`,
      startSeconds: word.startSeconds + 0.03,
      endSeconds: word.endSeconds + 0.02,
      speaker: word.speaker === 'BOB' ? 'Speaker 1' : 'Speaker 2',
      confidence: i % 2 === 0 ? 0.4 : 0.95,
    }));
    await storeTranscript(
      instance.server.deps,
      { id: video.id, workspaceId: caller.workspaceId },
      { language: 'en', engine: 'another', words: heard.filter((word) => word.endSeconds > word.startSeconds) },
    );
    const after = await transcriptOf(video.id);
    expect(after.engine).toBe('another');
    expect(textOf(after)).toContain('Carmic,');
    expect(textOf(after)).not.toContain('car mick');
    expect(after.speakers).toContainEqual({ label: 'Speaker 2', name: 'Ada Lovelace' });
    expect(after.version).toBe(before.version);
  });

  test('another workspace sees and changes nothing of it', async () => {
    const stranger = await instance.createCaller();
    await expect(stranger.call('updateTranscript', { params: { id: video.id }, body: { version: 0 } })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect((await stranger.call('listTerms')).items).toEqual([]);
    const viewer = await instance.createCaller({ role: 'viewer', workspaceId: caller.workspaceId });
    await expect(viewer.call('updateTranscript', { params: { id: video.id }, body: { version: 0 } })).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});

describe('glossary', () => {
  test('terms are added, changed and removed, once each', async () => {
    const owner = await instance.createCaller();
    const term = await owner.call('createTerm', { body: { term: 'Zeebrugge', translations: { de: 'Zeebrügge' } } });
    await expect(owner.call('createTerm', { body: { term: 'zeebrugge' } })).rejects.toMatchObject({ code: 'conflict' });
    const changed = await owner.call('updateTerm', { params: { id: term.id }, body: { soundsLike: ['sea bridge'] } });
    expect(changed).toMatchObject({ term: 'Zeebrugge', soundsLike: ['sea bridge'], translations: { de: 'Zeebrügge' } });
    await owner.call('deleteTerm', { params: { id: term.id } });
    await expect(owner.call('deleteTerm', { params: { id: term.id } })).rejects.toMatchObject({ code: 'not_found' });
    expect((await owner.call('listTerms')).items).toEqual([]);
  });
});

describe('search', () => {
  let owner: Caller;
  let video: Video;
  const search = async (q: string, who = owner) => (await who.call('search', { query: { q } })).items;
  beforeAll(async () => {
    owner = await instance.createCaller();
    video = await readyVideo(owner);
    await until('the index', async () => ((await search('xylographic')).length > 0 ? true : null));
  });

  test('finds other forms of a word, accents aside, and jumps to the second', async () => {
    const [hit] = await search('carrying a book');
    expect(hit).toMatchObject({ videoId: video.id, videoTitle: 'harbour-talk', kind: 'words' });
    const { words } = await transcriptOf(video.id, owner);
    expect(hit?.startSeconds).toBe(words.find((word) => word.text === 'carried')?.startSeconds);
    expect(hit?.marks.map(({ from, to }) => hit.text.slice(from, to))).toEqual(['carried', 'books']);
    expect((await search('Harboúr')).length).toBeGreaterThan(0);
  });

  test('wants every word, and phrases together', async () => {
    expect(await search('river elephants')).toEqual([]);
    expect((await search('"four hundred books"')).length).toBe(1);
    expect(await search('"hundred four books"')).toEqual([]);
    expect(await search('the')).toEqual([]);
  });

  test('finds titles, and follows corrections', async () => {
    expect((await search('talk')).some((hit) => hit.kind === 'title')).toBe(true);
    const { version, words } = await transcriptOf(video.id, owner);
    const at = words.findIndex((word) => word.text === 'xylographic');
    await owner.call('updateTranscript', {
      params: { id: video.id },
      body: { version, corrections: [{ from: at, to: at + 1, text: 'lithographic' }] },
    });
    await until('the correction', async () => ((await search('lithographic')).length === 1 ? true : null));
    expect(await search('xylographic')).toEqual([]);
  });

  test('finds nothing of another workspace, and nothing of a deleted video (S4)', async () => {
    const stranger = await instance.createCaller();
    expect(await search('river', stranger)).toEqual([]);
    const gone = await readyVideo(owner, captions.replaceAll('Rotterdam', 'Hoboken'), 'second.mp4');
    await until('the index', async () => ((await search('Hoboken')).length > 0 ? true : null));
    await owner.call('deleteVideo', { params: { id: gone.id } });
    expect(await search('Hoboken')).toEqual([]);
  });

  test('no word of a transcript, title or glossary is readable in the database (S1)', async () => {
    const planted = ['lithographic', 'Rotterdam', 'harbour-talk', 'Lovelace', 'Hearye', 'carmick'];
    const { db } = instance.server.deps;
    const dump = await db.asSystem(async (tx) => {
      const tables = await db.rows<{ tablename: string }>(
        tx,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'",
      );
      const parts: string[] = [];
      for (const { tablename: name } of tables) {
        parts.push(...(await db.rows<{ text: string }>(tx, `SELECT to_jsonb(t)::text AS text FROM "${name}" t`)).map((row) => row.text));
      }
      return parts.join('\n');
    });
    expect(dump).toContain(video.id);
    for (const word of planted) {
      expect(dump.toLowerCase(), word).not.toContain(word.toLowerCase());
      expect(dump, word).not.toContain(Buffer.from(word).toString('hex'));
      expect(dump, word).not.toContain(Buffer.from(word).toString('base64').slice(0, -4));
    }
  });

  test('equal words of two workspaces have nothing in common in the index', async () => {
    const other = await instance.createCaller();
    const twin = await readyVideo(other);
    await until('the index', async () => ((await search('Rotterdam', other)).length > 0 ? true : null));
    const { db } = instance.server.deps;
    const tokens = (id: string) =>
      db.asSystem(async (tx) => {
        const rows = await db.rows<{ tokens: string[] }>(tx, 'SELECT tokens FROM search_segments WHERE video_id = :id', { id });
        return rows.flatMap((row) => row.tokens.map(String));
      });
    const own = new Set(await tokens(video.id));
    const shared = (await tokens(twin.id)).filter((token) => own.has(token));
    expect(own.size).toBeGreaterThan(20);
    expect(shared).toEqual([]);
  });
});

describe('translation', () => {
  let owner: Caller;
  let video: Video;
  beforeAll(async () => {
    owner = await instance.createCaller();
    video = await readyVideo(owner);
    await owner.call('createTerm', { body: { term: 'Rotterdam', translations: { de: 'ROTTERDAMM' } } });
  });

  const make = async (language: string) => {
    const { id } = await owner.call('createTranslation', { params: { id: video.id }, body: { language } });
    return until('the translation', async () => {
      const found = await owner.call('getTranslation', { params: { id } });
      return found.state === 'draft' || found.state === 'failed' ? found : null;
    });
  };

  test('LibreTranslate gets whole sentences; they come back on the words’ times, with the glossary’s spelling', async () => {
    const track = await make('de');
    expect(track).toMatchObject({ state: 'draft', engine: 'libretranslate', failure: null, isStale: false });
    const sent = libre.seen.flatMap(({ body }) => body['q'] as string[]);
    expect(sent).toContain('We built 42 of them in 2019.');
    expect(libre.seen.at(-1)?.body).toMatchObject({ source: 'en', target: 'de', format: 'text' });
    expect(sent.join()).not.toContain('Rotterdam');
    const target = track.lines.map((line) => line.text).join(' ');
    expect(target).toContain('ROTTERDAMM');
    expect(target).toContain('42');
    const { text } = await owner.call('getCaptionTrack', { params: { id: video.id } });
    const { text: translated } = await owner.call('getCaptionTrack', {
      params: { id: video.id },
      query: { language: 'de', format: 'vtt' },
    });
    const starts = (file: string) => [...file.matchAll(/([\d:]+)[,.](\d+) -->/g)].map((match) => `${match[1]}.${match[2]}`);
    expect(starts(translated)).toEqual(starts(text));
    expect(translated.startsWith('WEBVTT')).toBe(true);
  });

  test('lines are edited and approved, and only an approved track is burned in', async () => {
    const [listed] = (await owner.call('listTranslations', { params: { id: video.id } })).items;
    const track = await owner.call('getTranslation', { params: { id: listed?.id ?? '' } });
    const [clip] = (await owner.call('listClips', { params: { id: video.id } })).items;
    const render = () => owner.call('createRendition', { params: { id: clip?.id ?? '' }, body: { aspect: '9:16', captionLanguage: 'de' } });
    await expect(render()).rejects.toMatchObject({ code: 'wrong_state' });
    const lines = track.lines.map((_, index) => ({ index, text: `Zeile ${index}` }));
    const saved = await owner.call('updateTranslation', {
      params: { id: track.id },
      body: { version: track.version, lines, isApproved: true },
    });
    expect(saved).toMatchObject({ state: 'approved', flaggedCount: 0 });
    await expect(owner.call('updateTranslation', { params: { id: track.id }, body: { version: track.version } })).rejects.toMatchObject({
      code: 'conflict',
      details: { version: saved.version },
    });
    const rendition = await render();
    expect(rendition.captionLanguage).toBe('de');
    const lease = await until('the rendering', () => agent.lease(['render'], 5));
    expect(lease.spec).toMatchObject({ captions: { language: 'de' } });
    expect(lease.spec.kind === 'render' && lease.spec.captions?.words.map((word) => word.text).join(' ')).toContain('Zeile');
    await agent.finish(lease);
  });

  test('a track is stale once the words are edited', async () => {
    const { version } = await transcriptOf(video.id, owner);
    await owner.call('updateTranscript', { params: { id: video.id }, body: { version, corrections: [{ from: 0, to: 1, text: 'Hello' }] } });
    expect((await owner.call('listTranslations', { params: { id: video.id } })).items[0]?.isStale).toBe(true);
  });

  test('an engine that refuses hands on to the next; what each was used for is counted', async () => {
    libre.failNext(400, { error: 'fr is not supported' });
    const track = await make('fr');
    expect(track).toMatchObject({ state: 'draft', engine: 'language model tiny' });
    expect(model.seen.at(-1)?.authorization).toBe('Bearer secret');
    const { usage } = await owner.call('getSwitchboard');
    expect(usage).toContainEqual(expect.objectContaining({ kind: 'translation', engine: 'libretranslate', calls: 2, failedCalls: 1 }));
    expect(usage.find((use) => use.engine === 'language-model')?.characters).toBeGreaterThan(100);
  });

  test('when everything refuses, the track has failed with the reason', async () => {
    libre.failNext(403, { error: 'Invalid API key' });
    model.failNext(401, { error: { message: 'bad key' } });
    const track = await make('it');
    expect(track).toMatchObject({ state: 'failed' });
    expect(track.failure).toContain('bad key');
  });

  test('the spoken language, and a tag that is none, are refused', async () => {
    const ask = (language: string) => owner.call('createTranslation', { params: { id: video.id }, body: { language } });
    await expect(ask('en-GB')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(ask('!!')).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('switchboard', () => {
  test('a workspace and the installation choose; everything off sends no packet', async () => {
    const owner = await instance.createCaller();
    const video = await readyVideo(owner);
    const before = libre.seen.length + model.seen.length;
    await owner.call('updateWorkspaceEngines', { params: { kind: 'translation' }, body: { order: [] } });
    await expect(owner.call('createTranslation', { params: { id: video.id }, body: { language: 'de' } })).rejects.toMatchObject({
      code: 'wrong_state',
    });
    expect(libre.seen.length + model.seen.length).toBe(before);
    const board = await owner.call('updateWorkspaceEngines', { params: { kind: 'translation' }, body: { order: ['language-model'] } });
    expect(board.switches.find((item) => item.kind === 'translation')).toMatchObject({ order: ['language-model'], decidedBy: 'workspace' });
    await expect(owner.call('updateInstanceEngines', { params: { kind: 'translation' }, body: { order: [] } })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(
      owner.call('updateWorkspaceEngines', { params: { kind: 'translation' }, body: { order: ['magic'] } }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
    const follows = await owner.call('updateWorkspaceEngines', { params: { kind: 'translation' }, body: { order: null } });
    expect(follows.switches.find((item) => item.kind === 'translation')?.decidedBy).toBe('default');
    const admin = await caller.call('updateInstanceEngines', { params: { kind: 'translation' }, body: { order: ['libretranslate'] } });
    expect(admin.switches.find((item) => item.kind === 'translation')).toMatchObject({
      decidedBy: 'instance',
      instanceOrder: ['libretranslate'],
    });
    await caller.call('updateInstanceEngines', { params: { kind: 'translation' }, body: { order: null } });
  });

  test('the test button makes a real call and says what came back', async () => {
    const run = (engine: string) => caller.call('testEngine', { body: { kind: 'translation', engine } });
    expect(await run('libretranslate')).toMatchObject({ isOk: true, message: expect.stringContaining('Good morning.') });
    libre.failNext(429, { error: 'Slowdown' });
    expect(await run('libretranslate')).toMatchObject({ isOk: false, message: expect.stringContaining('Slowdown') });
    expect(await caller.call('testEngine', { body: { kind: 'transcription', engine: 'deepgram' } })).toMatchObject({ isOk: false });
  });
});
