/** Working with words in the console: correcting, naming speakers, searching, the glossary, a translation, the engines. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Video } from '@carmic/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeTranscript } from '../../server/src/understanding/transcripts.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { serveLibreTranslate, type WordService } from '../support/wordServices.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let libre: WordService;
let caller: Caller;
let video: Video;

const said =
  'We met carmick in the harbour that morning. The river rose in the night, and we carried four hundred books up the stairs. Did you know? Nobody had told us why it would.';

beforeAll(async () => {
  libre = await serveLibreTranslate((text) => text.replace(/[a-z]+/g, (word) => `${word}o`).replace('Nobodyo', 'Niemand'));
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LIBRETRANSLATE_URL: libre.baseUrl } });
  caller = await instance.createCaller({ isAdmin: true });
  const agent = await enrolAgent(instance);
  const captions = `1\n00:00:00,000 --> 00:00:20,000\n${said}\n`;
  video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('a talk'), {
    captions,
    fileName: 'harbours.mp4',
    wishes: { clipCount: 1, minClipSeconds: 5, maxClipSeconds: 30, language: 'en' },
  });
  for (let isReady = false; !isReady;) {
    const lease = await agent.lease(['inspect', 'render'], 1);
    if (lease !== null) {
      await agent.finish(lease);
    } else {
      isReady = (await caller.call('getVideo', { params: { id: video.id } })).state === 'ready';
    }
  }
  const { words } = await caller.call('getTranscript', { params: { id: video.id } });
  await storeTranscript(
    instance.server.deps,
    { id: video.id, workspaceId: caller.workspaceId },
    {
      language: 'en',
      engine: 'deepgram nova-3',
      words: words.map((word, i) => ({
        ...word,
        confidence: word.text === 'carmick' ? 0.31 : 0.97,
        speaker: i < 30 ? 'Speaker 1' : 'Speaker 2',
      })),
    },
  );
  await until('the index', async () => ((await caller.call('search', { query: { q: 'carmick' } })).items.length > 0 ? true : null));
}, 180_000);

afterAll(async () => {
  await browser.close();
  await instance.stop();
  await libre.close();
});

test('a word is corrected by a double click, undone, and a speaker is named; somebody else’s edit is not overwritten', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440 });
  const { page } = visit;
  await page.goto(`/#/videos/${video.id}`);
  // The news of the other edit may come after one's own was sent.
  visit.expectRefusal('409 PATCH');
  const word = page.locator('[data-word]', { hasText: /^carmick$/ });
  await word.dblclick();
  const field = page.getByLabel('What is said here');
  await field.fill('Carmic');
  await field.press('Enter');
  await page.locator('[data-word]', { hasText: /^Carmic$/ }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await word.waitFor();
  await page.getByRole('button', { name: /Next unsure word/ }).click();
  await field.fill('Carmic');
  const { version } = await caller.call('getTranscript', { params: { id: video.id } });
  await caller.call('updateTranscript', { params: { id: video.id }, body: { version, corrections: [{ from: 0, to: 1, text: 'They' }] } });
  await page.locator('[data-word]', { hasText: /^They$/ }).waitFor();
  await field.press('Enter');
  await page.locator('[data-word]', { hasText: /^Carmic$/ }).waitFor();

  await page.getByRole('button', { name: 'Speaker Speaker 1: rename or merge' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Ada');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Speaker Ada: rename or merge' }).first().waitFor();
  const now = await caller.call('getTranscript', { params: { id: video.id } });
  expect(now.words.slice(0, 3).map((item) => item.text)).toEqual(['They', 'met', 'Carmic']);
  expect(now.words[0]?.speaker).toBe('Ada');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('search finds what was said and leads to the second', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto('/#/search');
  await page.getByLabel('Search for').fill('carrying books');
  await page.getByRole('button', { name: 'Search' }).click();
  const hit = page.getByRole('link', { name: /The river rose.*four hundred/ });
  await hit.waitFor();
  expect(await hit.locator('mark').allTextContents()).toEqual(['carried', 'books']);
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await hit.click();
  await page.getByRole('heading', { name: 'harbours' }).waitFor();
  const { words } = await caller.call('getTranscript', { params: { id: video.id } });
  const start = words.find((item) => item.text === 'carried')?.startSeconds ?? -1;
  expect(new URL(page.url().replace('#/', '')).searchParams.get('t')).toBe(start.toFixed(2));
  await page.locator('[data-word].active', { hasText: 'carried' }).waitFor();
  expect(visit.problems).toEqual([]);
});

test('a term is added to the glossary; a track is translated, looked over side by side and approved', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440, theme: 'dark' });
  const { page } = visit;
  await page.goto('/#/glossary');
  await page.getByRole('button', { name: 'Add a term' }).click();
  await page.getByLabel('Term', { exact: true }).fill('Zeebrugge');
  await page.getByLabel('In other languages').fill('de = Zeebrügge');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('de = Zeebrügge').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);

  await page.goto(`/#/videos/${video.id}`);
  await page.getByLabel('Language').selectOption('de');
  await page.getByRole('button', { name: 'Translate' }).click();
  await page.getByRole('link', { name: 'Open German' }).click();
  await page.getByRole('heading', { name: 'Captions in German' }).waitFor();
  const first = page.getByRole('textbox').first();
  await first.fill('Wir trafen Carmic am Hafen.');
  await page.getByRole('button', { name: 'Save 1 line' }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Approved: clips can be rendered').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  const [track] = (await caller.call('listTranslations', { params: { id: video.id } })).items;
  expect(track).toMatchObject({ language: 'de', state: 'approved' });
  await page.getByRole('link', { name: 'Video' }).first().click();
  await page.getByRole('button', { name: 'Render clips' }).click();
  await page.getByText(/being rendered with these captions/).waitFor();
  const clips = await caller.call('listClips', { params: { id: video.id } });
  expect(clips.items.flatMap((clip) => clip.renditions).some((rendition) => rendition.captionLanguage === 'de')).toBe(true);
  expect(visit.problems).toEqual([]);
});

test('captions of a translation have line breaks of their own, which are rendered and taken over the next time', async (context) => {
  const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
  const { items: tracks } = await caller.call('listTranslations', { params: { id: video.id } });
  expect(tracks).toMatchObject([{ language: 'de', state: 'approved' }]);
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  visit.expectRefusal('/storage/');
  const { page } = visit;
  await page.goto(`/#/videos/${video.id}`);
  const open = async () => {
    await page.getByRole('button', { name: 'Add format' }).click();
    return page.getByRole('dialog', { name: 'Render this clip' });
  };
  const dialog = await open();
  await dialog.getByLabel('Language of the captions').selectOption('de');
  await dialog.locator('input[value="1:1"]').dispatchEvent('click');
  await dialog.getByText('Line breaks').click();
  const gaps = dialog.getByRole('group', { name: 'Line breaks' });
  // The words of the translation, not those that are spoken.
  await gaps.getByText('Theo', { exact: true }).waitFor();
  const gap = gaps.getByRole('button', { name: /: no break$/ }).first();
  const [, word = ''] = /“(.+)”/.exec((await gap.getAttribute('aria-label')) ?? '') ?? [];
  await gap.press('Enter');
  await gaps.getByRole('button', { name: new RegExp(`^Before “${word}”: new (line|caption), by hand$`) }).waitFor();
  await dialog.getByRole('button', { name: 'Render', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  const made = await until('the rendition', async () =>
    (await caller.call('getClip', { params: { id: clip?.id ?? '' } })).renditions.find(
      ({ aspect, captionLanguage }) => aspect === '1:1' && captionLanguage === 'de',
    ),
  );
  expect(made).toMatchObject({ captionOptions: { breaks: [{ kind: 'break' }] } });

  // What is spoken has none of them; the translation has them again. A dialog that is open before the transcript is here draws it when it comes.
  let isHere: () => void = () => undefined;
  const late = new Promise<void>((resolve) => (isHere = resolve));
  await page.route('**/transcript', async (route) => {
    await late;
    await route.continue();
  });
  await page.reload();
  const again = await open();
  isHere();
  expect(await again.getByLabel('Language of the captions').inputValue()).toBe('de');
  await again.getByText('Line breaks').click();
  await again
    .getByRole('button', { name: /, by hand$/ })
    .first()
    .waitFor();
  await again.getByLabel('Language of the captions').selectOption('');
  await again.getByText('Line breaks').click();
  await again
    .getByRole('button', { name: /: no break$/ })
    .first()
    .waitFor();
  await expect.poll(() => again.getByRole('button', { name: /, by hand$/ }).count()).toBe(0);
  expect(visit.problems).toEqual([]);
});

test('engines are switched, ordered and tried', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 360 });
  const { page } = visit;
  await page.goto('/#/engines');
  const translating = page.getByRole('region', { name: 'Translating captions', exact: true });
  await translating.getByRole('button', { name: 'Try it' }).last().click();
  await page.getByText('Good morning.').waitFor();
  await page.getByLabel('Use LibreTranslate').uncheck();
  await page.getByText('Chosen for this workspace.').waitFor();
  const { switches } = await caller.call('getSwitchboard');
  expect(switches.find((item) => item.kind === 'translation')?.order).toEqual(['language-model']);
  await page.getByRole('button', { name: 'Follow the installation' }).click();
  await page.getByRole('button', { name: 'Follow the installation' }).waitFor({ state: 'detached' });
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('tags of a clip are added by Enter or a comma, removed by a button or Backspace, and have limits that are told', async (context) => {
  const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
  const tagsNow = async () => (await caller.call('getClip', { params: { id: clip?.id ?? '' } })).tags;
  const tagsAre = (tags: string[]) =>
    until('the tags', async () => (JSON.stringify(await tagsNow()) === JSON.stringify(tags) ? true : null));
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 360, theme: 'dark' });
  const { page } = visit;
  await page.goto(`/#/videos/${video.id}`);
  const suggested = clip?.tags ?? [];
  const field = page.getByRole('textbox', { name: 'Add a tag' });
  await page.getByText('Reasons, tags and texts').click();
  await field.fill('#Flood');
  await field.press('Enter');
  await page.keyboard.type('old mill,');
  await tagsAre([...suggested, 'Flood', 'old mill']);
  expect(await field.inputValue()).toBe('');
  await field.press('Backspace');
  await tagsAre([...suggested, 'Flood']);
  await field.fill('x'.repeat(41));
  await field.press('Enter');
  await page.getByText('A tag has at most 40 characters.').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await field.press('Escape');
  await page.getByText('A tag has at most 40 characters.').waitFor({ state: 'detached' });
  const first = suggested[0] ?? '';
  await page.getByRole('button', { name: `Remove the tag ${first}`, exact: true }).press('Enter');
  await tagsAre([...suggested.slice(1), 'Flood']);
  const focused = page.locator(':focus');
  expect(await focused.getAttribute('aria-label')).toBe(`Remove the tag ${suggested[1] ?? 'Flood'}`);

  // Somebody else sets other tags: what they did is shown, and nothing of it is lost.
  await caller.call('updateClip', { params: { id: clip?.id ?? '' }, body: { tags: ['Harbour'] } });
  await page
    .getByRole('list', { name: /^Tags of/ })
    .getByText('Harbour')
    .waitFor();
  await field.fill('River');
  await field.press('Enter');
  await tagsAre(['Harbour', 'River']);
  expect(visit.problems).toEqual([]);
});

test('a viewer chooses clips and downloads everything of them as one ZIP', async (context) => {
  const viewer = await instance.createCaller({ workspaceId: caller.workspaceId, role: 'viewer' });
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: viewer.token, width: 360 });
  const { page } = visit;
  await page.goto(`/#/videos/${video.id}`);
  await page.getByRole('button', { name: 'All as ZIP' }).click();
  const all = page.getByLabel('All of them');
  await all.uncheck();
  await page.getByRole('button', { name: 'Choose videos' }).waitFor();
  expect(await page.getByRole('button', { name: 'Choose videos' }).isDisabled()).toBe(true);
  await all.check();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /^Download \d videos?$/ }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('harbours.zip');
  await page.getByText(/^1\d files?, |^2\d files, /).waitFor();
  const { stdout } = await promisify(execFile)('python3', ['-m', 'zipfile', '-t', await download.path()]);
  expect(stdout).toContain('Done testing');
  expect(visit.problems).toEqual([]);
});

test('texts for publishing stand ready for each platform; a moment is found in a part of the video and becomes a clip', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto(`/#/videos/${video.id}`);
  const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
  await page.getByText('Texts for publishing').click();
  await page.getByRole('radio', { name: 'LinkedIn' }).dispatchEvent('click');
  const linkedIn = clip?.posts.find(({ platform }) => platform === 'linkedin');
  expect(await page.getByRole('region', { name: 'Text for LinkedIn' }).textContent()).toBe(linkedIn?.text);

  // Moments are looked for beside the clips that there are; the one of this short talk is all of it.
  await caller.call('updateClip', { params: { id: clip?.id ?? '' }, body: { state: 'discarded' } });
  await page.getByText('Every clip is discarded.').waitFor();
  await page.getByRole('heading', { name: 'Clips 0' }).waitFor();
  await page.getByText('Find moments about …').click();
  await page.getByLabel('To', { exact: true }).fill('0:75');
  await page.getByRole('button', { name: 'Find moments' }).click();
  await page.getByText('Write a time as 1:30 or 1:02:03.').waitFor();
  await page.getByLabel('To', { exact: true }).fill('0:20');
  await page.getByLabel('Shortest, in seconds').fill('5');
  await page.getByLabel('Longest, in seconds').fill('10');
  await page.getByLabel('Subjects').fill('books');
  await page.getByRole('button', { name: 'Find moments' }).click();
  await page.getByText('1 moment', { exact: true }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('button', { name: 'Make a clip' }).click();
  await page.getByText('The clip was added and is being rendered.').waitFor();
  const clips = (await caller.call('listClips', { params: { id: video.id } })).items;
  expect(clips.filter(({ state }) => state !== 'discarded')).toHaveLength(1);
  expect(clips.find(({ state }) => state !== 'discarded')?.excerpt).toContain('books');
  expect(visit.problems).toEqual([]);
});

test('of 30,000 words only those in sight are drawn, and a corrected one travels alone; somebody else’s is loaded', async (context) => {
  const words = Array.from({ length: 30_000 }, (_, index) => ({
    text: index % 12 === 11 ? `word${index}.` : `word${index}`,
    startSeconds: index * 0.36,
    endSeconds: index * 0.36 + 0.3,
    confidence: 0.97,
    speaker: `Speaker ${1 + (Math.floor(index / 120) % 3)}`,
  }));
  await storeTranscript(
    instance.server.deps,
    { id: video.id, workspaceId: caller.workspaceId },
    { language: 'en', engine: 'a long talk', words },
  );
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440 });
  visit.expectRefusal('/storage/');
  const { page } = visit;
  const answers: { method: string; size: number }[] = [];
  page.on('response', async (response) => {
    if (response.url().endsWith('/transcript')) {
      answers.push({ method: response.request().method(), size: (await response.body()).length });
    }
  });
  await page.goto(`/#/videos/${video.id}`);
  const word = page.locator('[data-word="20"]');
  await word.waitFor();
  const drawn = await page.evaluate(() => {
    interface Node {
      checkVisibility(options: object): boolean;
    }
    const { document } = globalThis as unknown as { document: { querySelectorAll(selector: string): Iterable<Node> } };
    const seen = (selector: string) =>
      [...document.querySelectorAll(selector)].filter((node) => node.checkVisibility({ contentVisibilityAuto: true }));
    return {
      paragraphs: [...document.querySelectorAll('[data-paragraph]')].length,
      seenParagraphs: seen('[data-paragraph] > p').length,
      seenElements: seen('[data-paragraph] *').length,
      names: [...document.querySelectorAll('[data-paragraph] .speaker')].length,
    };
  });
  expect(drawn.paragraphs).toBeGreaterThan(500);
  expect(drawn.seenParagraphs).toBeGreaterThan(2);
  expect(drawn.seenParagraphs).toBeLessThan(60);
  expect(drawn.seenElements).toBeLessThan(4000);
  // Of each stretch of speech the first paragraph alone names who speaks.
  expect(drawn.names).toBe(words.length / 120);

  await word.dblclick();
  const field = page.getByLabel('What is said here');
  // Another attempt finds what the one before wrote.
  const written = `corrected${context.task.result?.retryCount ?? 0}`;
  await field.fill(written);
  await field.press('Enter');
  await page.locator('[data-word="20"]', { hasText: new RegExp(`^${written}$`) }).waitFor();
  const patched = () => answers.findIndex(({ method }) => method === 'PATCH');
  await expect.poll(patched).toBeGreaterThan(0);
  expect(answers[0]).toMatchObject({ method: 'GET' });
  expect(answers[0]?.size).toBeGreaterThan(1_000_000);
  expect(answers[patched()]?.size).toBeLessThan(1000);

  // One's own event has come before that of somebody else: it made nothing load.
  const { version } = await caller.call('getTranscript', { params: { id: video.id } });
  await caller.call('updateTranscript', {
    params: { id: video.id },
    body: { version, corrections: [{ from: 21, to: 22, text: `elsewhere-${written}` }] },
  });
  await page.locator('[data-word="21"]', { hasText: `elsewhere-${written}` }).waitFor();
  expect(answers.slice(patched() + 1).map(({ method }) => method)).toEqual(['GET']);
  expect(visit.problems).toEqual([]);
});
