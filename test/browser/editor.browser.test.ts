/** Cutting a clip in the console: by its words, by handles on its time line, with undo, and with somebody else at the same clip. */
import type { Clip, Span, Word } from '@carmic/contract';
import type { Page } from 'playwright-core';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test, type TestContext } from 'vitest';
import { spanOfWords } from '../../console/src/video/editing/wordSpans.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { makeTalk } from '../support/media.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriers } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let caller: Caller;
let videoId: string;
let clip: Clip;
let words: Word[];

/** Sentences of four seconds with a pause of one behind each. */
const sentences = [
  'The river rose in the night.',
  'Nobody had told us why.',
  'We carried books up the stairs.',
  'Morning came late that day.',
];
const captions = [...sentences, ...sentences, ...sentences]
  .map((text, index) => {
    const time = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
    return `${index + 1}\n${time(index * 5)} --> ${time(index * 5 + 4)}\n${text}\n`;
  })
  .join('\n');

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '900' } });
  caller = await instance.createCaller();
  const agent = await enrolAgent(instance);
  const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('a river'), {
    captions,
    fileName: 'The river.mp4',
    wishes: { clipCount: 1, minClipSeconds: 8, maxClipSeconds: 20, language: 'en' },
  });
  videoId = video.id;
  const proxy = readFileSync(await makeTalk({ seconds: 30, size: '320x180' }));
  await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)), { files: { proxy } });
  clip = await until('the clip', async () => (await caller.call('listClips', { params: { id: videoId } })).items[0]);
  ({ words } = await caller.call('getTranscript', { params: { id: videoId } }));
}, 120_000);

afterAll(async () => {
  await browser.close();
  await instance.stop();
});

/** The page of the video, to somebody who is signed in. */
async function openVideo(context: TestContext) {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440, height: 900 });
  // The pictures of a made-up agent are no files.
  visit.expectRefusal('/storage/');
  visit.page.setDefaultTimeout(20_000);
  await visit.page.goto(`/#/videos/${videoId}`);
  await wordOf(visit.page, 0).waitFor();
  return visit;
}

const present = () => caller.call('getClip', { params: { id: clip.id } });
const setSpans = async (segments: Span[]) =>
  caller.call('createClipEdit', {
    params: { id: clip.id },
    body: { kind: 'segments', segments, baseVersion: (await present()).editVersion },
  });

/** Sentences two and three, as they would be suggested. */
const middle: Span[] = [{ startSeconds: 4.85, endSeconds: 14.3 }];

beforeEach(async () => {
  await setSpans(middle);
});

const wordOf = (page: Page, index: number) => page.locator(`[data-word="${index}"]`);
/** Drags with the mouse from the beginning of a word to the end of another. */
async function selectWords(page: Page, from: number, to: number) {
  await wordOf(page, from).scrollIntoViewIfNeeded();
  const [a, b] = [await wordOf(page, from).boundingBox(), await wordOf(page, to).boundingBox()];
  if (a === null || b === null) {
    throw new Error('The words are in sight.');
  }
  await page.mouse.move(a.x + 1, a.y + a.height / 2);
  await page.mouse.down();
  await page.mouse.move(b.x + b.width - 1, b.y + b.height / 2, { steps: 5 });
  await page.mouse.up();
}

/** The clip once it has another edit list than before. */
const afterEdit = (before: number) =>
  until('the edit', async () => {
    const now = await present();
    return now.editVersion === before ? null : now;
  });
const wordsIn = (segments: readonly Span[]) =>
  words.flatMap(({ startSeconds, endSeconds }, index) =>
    segments.some((span) => (startSeconds + endSeconds) / 2 >= span.startSeconds && (startSeconds + endSeconds) / 2 < span.endSeconds)
      ? [index]
      : [],
  );
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('words selected with the mouse begin the clip, end it, leave it and come to it, also beyond the suggestion', async (context) => {
  const visit = await openVideo(context);
  const { page } = visit;
  const bar = page.getByRole('group', { name: 'Selected words' });
  const act = async (from: number, to: number, name: string) => {
    const { editVersion } = await present();
    await selectWords(page, from, to);
    await bar.getByText(`${to - from + 1} word`).waitFor();
    await bar.getByRole('button', { name, exact: true }).click();
    await bar.waitFor({ state: 'detached' });
    return afterEdit(editVersion);
  };
  expect(wordsIn(middle)).toEqual(numbers(6, 16));

  const split = await act(8, 9, 'Remove from the clip');
  expect(wordsIn(split.segments)).toEqual([6, 7, ...numbers(10, 16)]);
  expect(split.segments).toHaveLength(2);
  await expect.poll(() => page.locator('[data-word].inside').count()).toBe(9);
  await selectWords(page, 8, 9);
  await bar.waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await bar.getByRole('button', { name: 'Drop the selection' }).click();

  expect((await act(8, 9, 'Add to the clip')).segments).toEqual(middle);
  const further = await act(22, 24, 'Add to the clip');
  expect(wordsIn(further.segments)).toEqual([...numbers(6, 16), ...numbers(22, 24)]);
  expect(further.segments).toHaveLength(2);
  expect(wordsIn((await act(3, 4, 'Start the clip here')).segments)).toEqual([...numbers(3, 16), ...numbers(22, 24)]);
  expect(wordsIn((await act(18, 19, 'End the clip here')).segments)).toEqual(numbers(3, 19));

  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByRole('button', { name: 'Cut by words' }).click();
  await page.locator('[data-word].inside').first().waitFor();
  await selectWords(page, 8, 9);
  await bar.waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

test('words are selected and cut by keys alone, and by a click with Shift', async (context) => {
  const visit = await openVideo(context);
  const { page } = visit;
  const bar = page.getByRole('group', { name: 'Selected words' });
  await wordOf(page, 0).waitFor();
  const { editVersion } = await present();
  await page.getByRole('button', { name: 'Play from 0:00' }).focus();
  for (let step = 0; step < 8; step += 1) {
    await page.keyboard.press('ArrowRight');
  }
  for (let step = 0; step < 2; step += 1) {
    await page.keyboard.press('Shift+ArrowRight');
  }
  await bar.getByText('2 words', { exact: true }).waitFor();
  expect(await page.locator('.picked').allTextContents()).toEqual([words[8]?.text, words[9]?.text]);
  await page.keyboard.press('Delete');
  const removed = await afterEdit(editVersion);
  expect(wordsIn(removed.segments)).toEqual([6, 7, ...numbers(10, 16)]);

  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  const begun = await afterEdit(removed.editVersion);
  // The bar is left to where it was come from.
  expect(await page.evaluate('document.activeElement.textContent')).toBe('0:00');
  expect(wordsIn(begun.segments)).toEqual([7, ...numbers(10, 16)].toSorted((a, b) => a - b));
  await page.keyboard.press('Shift+ArrowRight');
  await bar.waitFor();
  await page.keyboard.press('Escape');
  await bar.waitFor({ state: 'detached' });

  await wordOf(page, 11).click();
  await wordOf(page, 13).click({ modifiers: ['Shift'] });
  await bar.getByText('3 words', { exact: true }).waitFor();
  await page.keyboard.press('o');
  expect(wordsIn((await afterEdit(begun.editVersion)).segments)).toEqual([7, ...numbers(10, 13)]);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

test('edges are dragged and moved by keys, parts are joined and taken out, and all of it is undone and redone', async (context) => {
  await setSpans([
    { startSeconds: 4.85, endSeconds: 9.3 },
    { startSeconds: 11, endSeconds: 14.3 },
  ]);
  const visit = await openVideo(context);
  const { page } = visit;
  await page.getByRole('button', { name: 'Cut by words' }).click();
  const line = page.getByRole('region', { name: 'Cut of #1' });
  const end = line.getByRole('slider', { name: 'End of part 2 of 2' });
  const lengthNow = line.locator('.length');
  await end.waitFor();
  const before = await present();
  const room = await line.locator('.strip').boundingBox();
  if (room === null) {
    throw new Error('The time line is in sight.');
  }
  // The frame shows four seconds on both sides.
  const pxPerSecond = room.width / (9.45 + 4 + 4);
  const take = async () => {
    const box = await end.boundingBox();
    const at = { x: (box?.x ?? 0) + 12, y: (box?.y ?? 0) + 12 };
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    return at;
  };

  let at = await take();
  await page.mouse.move(at.x + pxPerSecond * 2, at.y, { steps: 4 });
  await expect.poll(() => lengthNow.textContent()).toContain('+');
  await page.keyboard.press('Escape');
  await expect.poll(() => lengthNow.textContent()).not.toContain('+');
  await page.mouse.up();
  expect((await present()).editVersion).toBe(before.editVersion);

  // Dragged close to the end of the next sentence, it goes there; one drag is one version.
  at = await take();
  await page.mouse.move(at.x + pxPerSecond * 2, at.y, { steps: 4 });
  await page.mouse.move(at.x + pxPerSecond * 3.2, at.y, { steps: 4 });
  await page.mouse.move(at.x + pxPerSecond * (16.1 - 14.3), at.y, { steps: 4 });
  await page.mouse.up();
  const dragged = await afterEdit(before.editVersion);
  expect(dragged.editVersion).toBe(before.editVersion + 1);
  const edges = words.map((_, index) => spanOfWords(words, { from: index, to: index + 1 }, 60).endSeconds);
  expect(edges).toContain(dragged.segments[1]?.endSeconds);
  expect(dragged.segments[1]?.endSeconds).toBeGreaterThan(15.5);
  expect(await findBarriers(page)).toEqual([]);

  // Three steps by keys are one version, too.
  const start = line.getByRole('slider', { name: 'Start of part 1 of 2' });
  await start.focus();
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  expect(await start.getAttribute('aria-valuetext')).toContain('0:03.7');
  await page.keyboard.press('Enter');
  const keyed = await afterEdit(dragged.editVersion);
  expect(keyed.segments[0]).toEqual({ startSeconds: 3.65, endSeconds: 9.3 });
  expect(keyed.editVersion).toBe(dragged.editVersion + 1);

  await line.getByRole('button', { name: 'Join parts 1 and 2' }).press('Enter');
  const joined = await afterEdit(keyed.editVersion);
  expect(joined.segments).toEqual([{ startSeconds: 3.65, endSeconds: dragged.segments[1]?.endSeconds }]);

  await line.getByRole('button', { name: 'Undo' }).click();
  expect((await afterEdit(joined.editVersion)).segments).toEqual(keyed.segments);
  await line.getByRole('slider', { name: 'Start of part 1 of 2' }).focus();
  await page.keyboard.press('Delete');
  const taken = await afterEdit(keyed.editVersion);
  expect(taken.segments).toEqual(keyed.segments.slice(1));
  // Undo leads to what this was made on, not to the joined one that was left.
  await page.keyboard.press('Control+z');
  expect((await afterEdit(taken.editVersion)).editVersion).toBe(keyed.editVersion);
  await page.keyboard.press('Control+z');
  expect((await afterEdit(keyed.editVersion)).editVersion).toBe(dragged.editVersion);
  await page.keyboard.press('Control+Shift+z');
  expect((await afterEdit(dragged.editVersion)).editVersion).toBe(keyed.editVersion);
  await line.getByRole('button', { name: 'Redo' }).click();
  expect((await afterEdit(keyed.editVersion)).segments).toEqual(taken.segments);

  // Many short parts stand far enough apart to be hit.
  await setSpans(Array.from({ length: 12 }, (_, index) => ({ startSeconds: 5 + index * 0.8, endSeconds: 5.6 + index * 0.8 })));
  await line.getByRole('slider', { name: 'End of part 12 of 12' }).focus();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await line.scrollIntoViewIfNeeded();
  expect(await findBarriers(page)).toEqual([]);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

test('somebody else’s cut is shown and not overwritten; one’s own can then be made on top of it', async (context) => {
  const visit = await openVideo(context);
  const { page } = visit;
  visit.expectRefusal(`/clips/${clip.id}/edits`);
  // The other cut comes between what is seen and what is asked for.
  let isFirst = true;
  await page.route(`**/clips/${clip.id}/edits`, async (route) => {
    if (isFirst) {
      isFirst = false;
      await setSpans([{ startSeconds: 0, endSeconds: 12 }]);
    }
    await route.continue();
  });
  await selectWords(page, 6, 7);
  await page.getByRole('button', { name: 'Remove from the clip' }).click();
  await page.getByText('Somebody else has changed this clip').waitFor();
  expect((await present()).segments).toEqual([{ startSeconds: 0, endSeconds: 12 }]);
  await expect.poll(() => page.locator('[data-word].inside').count()).toBe(wordsIn([{ startSeconds: 0, endSeconds: 12 }]).length);
  const theirs = await present();
  await page.getByRole('button', { name: 'Make it now' }).click();
  const both = await afterEdit(theirs.editVersion);
  expect(wordsIn(both.segments)).toEqual(wordsIn([{ startSeconds: 0, endSeconds: 12 }]).filter((index) => index !== 6 && index !== 7));
  const { items } = await caller.call('listClipEdits', { params: { id: clip.id } });
  expect(items.map(({ version }) => version)).toContain(theirs.editVersion);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

/** Times of the source that are played, from pressing a button until the player stops. */
async function timesPlayed(page: Page, press: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`{
    const film = document.querySelector('.source video');
    globalThis.played = [];
    globalThis.hasEnded = false;
    const look = () => { if (!film.seeking) globalThis.played.push(film.currentTime); if (!globalThis.hasEnded) requestAnimationFrame(look); };
    film.addEventListener('playing', look, { once: true });
    film.addEventListener('pause', () => (globalThis.hasEnded = true), { once: true });
  }`);
  await press();
  await expect.poll(() => page.evaluate('globalThis.hasEnded')).toBe(true);
  return (await page.evaluate('globalThis.played')) as number[];
}

test('a clip of several parts is played as it will be rendered: what was cut is left out, also in another order, and it stops at the end', async (context) => {
  await setSpans([
    { startSeconds: 2, endSeconds: 3 },
    { startSeconds: 9, endSeconds: 10 },
    { startSeconds: 5, endSeconds: 6 },
  ]);
  const visit = await openVideo(context);
  const { page } = visit;
  const card = page.locator('[data-clip]').first();
  const inside = (seconds: number, slack: number) =>
    [
      [2, 3],
      [9, 10],
      [5, 6],
    ].findIndex(([start = 0, end = 0]) => seconds >= start - 0.05 && seconds <= end + slack);
  const played = await timesPlayed(page, () => card.getByRole('button', { name: /^Play the source/ }).click());
  // A busy machine draws late; a whole second of what was cut would be seen.
  expect(played.filter((seconds) => inside(seconds, 0.6) < 0)).toEqual([]);
  const order = played.map((seconds) => inside(seconds, 0.6)).filter((part, index, all) => part !== all[index - 1]);
  expect(order).toEqual([0, 1, 2]);

  // From the time line it goes on where the player stands.
  await page.getByRole('button', { name: 'Cut by words' }).click();
  const line = page.getByRole('region', { name: 'Cut of #1' });
  await line.getByRole('slider', { name: 'End of part 2 of 3' }).waitFor();
  await page.evaluate("document.querySelector('.source video').currentTime = 9.5");
  await expect.poll(() => page.evaluate("document.querySelector('.source video').seeking")).toBe(false);
  const resumed = await timesPlayed(page, () => line.getByRole('button', { name: 'Play the clip as it is cut' }).click());
  expect(resumed.map((seconds) => inside(seconds, 0.6)).filter((part, index, all) => part !== all[index - 1])).toEqual([1, 2]);
  expect(Math.min(...resumed.filter((seconds) => seconds > 8))).toBeGreaterThan(9.4);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

test('the beginning and the end of a part can be typed, to the millisecond; what is no time says so and changes nothing', async (context) => {
  const visit = await openVideo(context);
  const { page } = visit;
  await page.getByRole('button', { name: 'Cut by words' }).click();
  const line = page.getByRole('region', { name: 'Cut of #1' });
  const [from, to] = [line.getByLabel('Start', { exact: true }), line.getByLabel('End', { exact: true })];
  expect(await from.inputValue()).toBe('0:04.85');
  const before = await present();
  await from.fill('0:03.275');
  await from.press('Enter');
  const typed = await afterEdit(before.editVersion);
  expect(typed.segments).toEqual([{ startSeconds: 3.275, endSeconds: 14.3 }]);
  await to.fill('12,5');
  await to.blur();
  const both = await afterEdit(typed.editVersion);
  expect(both.segments).toEqual([{ startSeconds: 3.275, endSeconds: 12.5 }]);
  expect(await to.inputValue()).toBe('0:12.5');

  await to.fill('later');
  await line.getByText('Write a time as 1:05.4 or 65.4.').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await to.press('Enter');
  await to.press('Escape');
  expect(await to.inputValue()).toBe('0:12.5');
  // An end before the beginning goes as far as a clip can be short.
  await to.fill('1');
  await to.press('Enter');
  expect((await afterEdit(both.editVersion)).segments).toEqual([{ startSeconds: 3.275, endSeconds: 4.275 }]);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

test('two people at one clip: who drags while the other cuts is told, the other cut stands, and the drag can be made on top of it', async (context) => {
  await setSpans([{ startSeconds: 2, endSeconds: 12 }]);
  const other = await openVideo(context);
  const visit = await openVideo(context);
  visit.expectRefusal(`/clips/${clip.id}/edits`);
  const lineOf = async ({ page }: typeof visit) => {
    await page.getByRole('button', { name: 'Cut by words' }).click();
    return page.getByRole('region', { name: 'Cut of #1' });
  };
  const [line, theirs] = [await lineOf(visit), await lineOf(other)];
  const { page } = visit;
  const end = line.getByRole('slider', { name: 'End of part 1 of 1' });
  const box = await end.boundingBox();
  const room = await line.locator('.strip').boundingBox();
  if (box === null || room === null) {
    throw new Error('The time line is in sight.');
  }
  const pxPerSecond = room.width / (10 + 2 + 4);
  const before = await present();
  // The news of the other cut comes late, as on a slow line: the hand lets go of what it saw.
  await page.route(`**/api/v1/videos/${videoId}/clips*`, async (route) => {
    await hasLetGo;
    await route.continue();
  });
  let letGo: () => void = () => undefined;
  const hasLetGo = new Promise<void>((resolve) => (letGo = resolve));
  await page.mouse.move(box.x + 12, box.y + 12);
  await page.mouse.down();
  await page.mouse.move(box.x + 12 + pxPerSecond, box.y + 12, { steps: 4 });
  await page.keyboard.down('Alt');
  await page.mouse.move(box.x + 12 + pxPerSecond * 1.5, box.y + 12, { steps: 4 });
  await theirs.getByLabel('Start', { exact: true }).fill('0:04');
  await theirs.getByLabel('Start', { exact: true }).press('Enter');
  const cut = await afterEdit(before.editVersion);
  await page.mouse.up();
  await page.keyboard.up('Alt');
  await page.getByText('Somebody else has changed this clip').waitFor();
  letGo();
  expect((await present()).segments).toEqual([{ startSeconds: 4, endSeconds: 12 }]);
  // Both see the same: nothing hangs half-way.
  await expect.poll(() => line.getByLabel('Start', { exact: true }).inputValue()).toBe('0:04');
  await expect.poll(() => line.getByLabel('End', { exact: true }).inputValue()).toBe('0:12');
  await page.getByRole('button', { name: 'Make it now' }).click();
  const both = await afterEdit(cut.editVersion);
  expect(both.segments[0]?.startSeconds).toBe(4);
  expect(both.segments[0]?.endSeconds).toBeGreaterThan(13);
  const endsThere = `${both.segments[0]?.endSeconds}`;
  await expect.poll(async () => Number((await theirs.getByLabel('End', { exact: true }).inputValue()).slice(2))).toBe(Number(endsThere));
  expect(visit.problems).toEqual([]);
  expect(other.problems).toEqual([]);
  await visit.context.close();
  await other.context.close();
});

test('the versions of a clip are listed, and one of them is taken again; those behind it stay', async (context) => {
  await setSpans([{ startSeconds: 1, endSeconds: 9 }]);
  const wanted = await present();
  await setSpans([
    { startSeconds: 1, endSeconds: 4 },
    { startSeconds: 6, endSeconds: 9 },
  ]);
  const visit = await openVideo(context);
  const { page } = visit;
  const last = await present();
  await page.getByRole('button', { name: `Version ${last.editVersion}:` }).click();
  const dialog = page.getByRole('dialog', { name: 'Versions of the cut' });
  const row = (version: number) => dialog.getByRole('listitem').filter({ has: page.getByText(`Version ${version}`, { exact: true }) });
  await row(last.editVersion).getByText('Present').waitFor();
  await row(last.editVersion).getByText('2 parts').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: `Use this one: version ${wanted.editVersion}`, exact: true }).click();
  await row(wanted.editVersion).getByText('Present').waitFor();
  expect((await present()).segments).toEqual([{ startSeconds: 1, endSeconds: 9 }]);
  await dialog.getByRole('button', { name: `Use this one: version ${last.editVersion}`, exact: true }).click();
  await row(last.editVersion).getByText('Present').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect((await present()).segments).toHaveLength(2);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

test('a server that restarts while a clip is being cut loses nothing: it is told that the cut waits, and it is made once when it is back', async (context) => {
  const visit = await openVideo(context);
  const { page } = visit;
  const bar = page.getByRole('group', { name: 'Selected words' });
  const before = await present();
  await selectWords(page, 8, 9);
  await bar.waitFor();
  // What could not be asked while the server was away is the subject here.
  ['ERR_', '503'].forEach((part) => visit.expectRefusal(part));
  await instance.restart(async () => {
    await page.getByText('Reconnecting…').waitFor();
    await bar.getByRole('button', { name: 'Remove from the clip' }).click();
    await page.getByRole('status').getByText('Not saved yet.').waitFor();
    await bar.getByText('2 words', { exact: true }).waitFor();
  });
  const cut = await afterEdit(before.editVersion);
  expect(cut.editVersion).toBe(before.editVersion + 1);
  expect(wordsIn(cut.segments)).toEqual([6, 7, ...numbers(10, 16)]);
  await bar.waitFor({ state: 'detached' });
  await page.getByText('Reconnecting…').waitFor({ state: 'detached', timeout: 60_000 });
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});
