/**
 * The console bench: what the library's first load weighs, how soon its page stands and answers on a processor of a quarter of the speed, and
 * how long a corrected word takes in a transcript of three hours.
 *
 * A workspace with 1,000 videos, one of them with a transcript of 30,000 words; Debian's Chromium on the built console; every figure of time is
 * the median of five visits, to pages that are looked into only when they stand (`support/barePages.ts`). Largest contentful paint and interaction to
 * next paint are what the browser itself reports. It reports no interaction below 16 ms, so that the keys of a correction are timed in the page: from
 * the key to the frame after the one that shows it. A figure for which nothing was recorded is no figure: the bench fails.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { createWorkspace } from '../../server/src/accounts/createWorkspace.ts';
import { Members, Users } from '../../server/src/accounts/model.ts';
import { openSession } from '../../server/src/accounts/sessions.ts';
import { newId } from '../../server/src/core/ids.ts';
import type { Deps } from '../../server/src/deps.ts';
import { sealFileName, sealTitle } from '../../server/src/library/content.ts';
import { storeTranscript } from '../../server/src/understanding/transcripts.ts';
import { buildConsole } from '../../start/buildConsole.ts';
import { chromiumFlags } from '../support/chromiumFlags.ts';
import { firstLoadBytes } from '../support/firstLoad.ts';
import { type BarePage, drawnTwice, startBarePages } from './support/barePages.ts';
import { startBenchServer } from './support/benchServer.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const videoCount = 1000;
const wordCount = 30_000;
const visits = 5;
const slowdown = 4;
/** So long a page loads without anything being asked of it. */
const undisturbedMs = 4000;

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const round = (value: number) => Math.round(value);

/** A workspace with many videos; the newest has a transcript of three hours. */
async function seedLibrary(deps: Deps): Promise<{ token: string; videoId: string }> {
  const { db } = deps;
  const [userId, workspaceId] = [newId(), newId()];
  const ids = Array.from({ length: videoCount }, newId);
  const videoId = ids[0] ?? '';
  const probe = {
    container: 'mp4',
    durationSeconds: 10_800,
    width: 1920,
    height: 1080,
    frameRate: 30,
    rotationDegrees: 0,
    videoCodec: 'h264',
    isHdr: false,
  };
  const token = await db.asSystem(async (tx) => {
    await db.model(Users).create({ id: userId, email: `${userId}@example.test`, name: 'Bench', isAdmin: false }, { transaction: tx });
    await createWorkspace(deps, tx, { id: workspaceId, name: 'Bench' });
    await db.model(Members).create({ workspaceId, userId, role: 'owner' }, { transaction: tx });
    for (const [index, id] of ids.entries()) {
      await db.change(
        tx,
        `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options, probe, created_at)
         VALUES (:id, :workspaceId, :title, :fileName, 1000000, 'ready', '{}', CAST(:probe AS jsonb), now() - :index * interval '1 minute')`,
        {
          ...{ id, workspaceId, index, title: sealTitle(deps, id, `Talk ${index + 1}`), fileName: sealFileName(deps, id, 'talk.mp4') },
          probe: JSON.stringify({ ...probe, audioCodec: 'aac', audioChannels: 2 }),
        },
      );
    }
    return (await openSession(deps, tx, userId)).token;
  });
  const words = Array.from({ length: wordCount }, (_, index) => ({
    text: index % 12 === 11 ? `word${index}.` : `word${index}`,
    startSeconds: index * 0.36,
    endSeconds: index * 0.36 + 0.3,
    confidence: 0.97,
    speaker: `Speaker ${1 + (Math.floor(index / 120) % 3)}`,
  }));
  await storeTranscript(deps, { id: videoId, workspaceId }, { language: 'en', engine: 'bench', words });
  return { token, videoId };
}

interface Observed {
  lcp: number;
  interactions: number[];
  /** Milliseconds from each key to when it was drawn. */
  keys: number[];
}

/** Runs in the page, before anything of it: what the browser reports. */
function observe(): void {
  // The cookie of a session cannot be seen by the console: it remembers beside it that there is one.
  (Reflect.get(globalThis, 'localStorage') as { setItem(key: string, value: string): void }).setItem('carmic.signed-in', 'yes');
  const seen: Observed = { lcp: 0, interactions: [], keys: [] };
  Reflect.set(globalThis, 'carmicSeen', seen);
  const watch = (type: string, take: (entry: { startTime: number; duration: number; interactionId?: number }) => void) => {
    const Observer = Reflect.get(globalThis, 'PerformanceObserver') as unknown as new (on: (list: { getEntries(): never[] }) => void) => {
      observe(options: object): void;
    };
    new Observer((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, durationThreshold: 16 });
  };
  watch('largest-contentful-paint', (entry) => (seen.lcp = entry.startTime));
  watch('event', (entry) => {
    if ((entry.interactionId ?? 0) > 0) {
      seen.interactions.push(entry.duration);
    }
  });
  const { addEventListener, requestAnimationFrame, MessageChannel } = globalThis as unknown as {
    addEventListener: (type: string, listener: (event: { timeStamp: number }) => void, isCapturing: boolean) => void;
    requestAnimationFrame: (next: () => void) => void;
    MessageChannel: new () => { port1: { onmessage: (() => void) | null }; port2: { postMessage: (message: null) => void } };
  };
  addEventListener(
    'keydown',
    ({ timeStamp }) =>
      requestAnimationFrame(() => {
        // A message of the frame comes after its picture.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => seen.keys.push(performance.now() - timeStamp);
        port2.postMessage(null);
      }),
    true,
  );
}

/** The longest of what was recorded. Throws when less was than has to be. */
function slowest(what: string, recorded: readonly number[], atLeast: number): number {
  if (recorded.length < atLeast) {
    throw new Error(`${what}: ${recorded.length} of at least ${atLeast} were recorded.`);
  }
  return Math.max(...recorded);
}

const seenIn = (page: Page) => page.evaluate(() => Reflect.get(globalThis, 'carmicSeen') as Observed);

/** Runs in the page: whether the video of this title is in the library. */
const shows = (title: string) => `[...document.querySelectorAll('a')].some((link) => link.textContent.trim() === '${title}')`;

/** Waits until nothing of the page is loading; beside the stream of events a network is never idle. */
async function settled(page: Page): Promise<void> {
  for (const status of await page.getByRole('status', { name: 'Loading' }).all()) {
    await status.waitFor({ state: 'detached' });
  }
  await page.evaluate(drawnTwice);
  await page.waitForTimeout(500);
}

/**
 * Milliseconds of processor time that the page's main thread has had when the library stands, without the throttle. Other work on the machine does
 * not count in it, so that it can be compared between machines that are busy and idle.
 */
async function countWork(page: BarePage, baseUrl: string): Promise<number> {
  await page.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.send('Page.navigate', { url: baseUrl });
  await page.until(shows('Talk 1'));
  await page.evaluate(drawnTwice);
  const { metrics } = (await page.send('Performance.getMetrics')) as unknown as { metrics: { name: string; value: number }[] };
  const found = metrics.find(({ name }) => name === 'TaskDuration')?.value;
  if (found === undefined || found === 0) {
    throw new Error('The time of the main thread was not reported.');
  }
  return found * 1000;
}

/** One visit of the library: the menu is opened and closed, and the palette is asked. */
async function visitLibrary(page: BarePage, baseUrl: string): Promise<{ lcp: number; inp: number; scriptBytes: number }> {
  await page.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  await page.send('Page.navigate', { url: baseUrl });
  // What looks for something in a page takes the page's main thread: it comes behind the load, which it would lengthen.
  await pause(undisturbedMs);
  await page.until(shows('Talk 1'));
  await page.until(`document.querySelector('[role=status][aria-label=Loading]') === null`);
  await page.evaluate(drawnTwice);
  await pause(500);
  const scriptBytes = await page.evaluate<number>(
    `performance.getEntriesByType('resource').filter(({ name }) => /\\.js$/.test(name)).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`,
  );
  // The browser tells a while after the picture; a console that never paints anything fails here.
  await page.until('carmicSeen.lcp > 0');
  const lcp = await page.evaluate<number>('carmicSeen.lcp');
  await page.click('Account');
  await pause(300);
  await page.press('Escape');
  await page.click('Show more');
  await page.until(shows('Talk 48'));
  await page.press('k', true);
  await page.until(`document.activeElement?.getAttribute('role') === 'combobox'`);
  for (const key of 'talk 40') {
    await page.press(key);
  }
  await page.press('Escape');
  await page.evaluate(drawnTwice);
  await pause(500);
  const interactions = await page.evaluate<number[]>('carmicSeen.interactions');
  return { lcp, inp: slowest('interactions of the library', interactions, 3), scriptBytes };
}

/**
 * A correction in the long transcript, without the throttle: its slowest key until its effect has been drawn, and how long it took from the last key
 * until the server had it and the words stood there anew.
 */
async function editWord(context: BrowserContext, baseUrl: string, videoId: string, at: number): Promise<{ edit: number; saved: number }> {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`${baseUrl}/#/videos/${videoId}`);
  const word = page.locator(`[data-word="${at}"]`);
  await word.waitFor();
  await word.dblclick();
  const field = page.getByLabel('What is said here');
  await field.waitFor();
  await settled(page);
  await page.evaluate(() => (Reflect.get(globalThis, 'carmicSeen') as Observed).keys.splice(0));
  await field.fill('');
  await field.pressSequentially('corrected', { delay: 30 });
  const from = performance.now();
  await field.press('Enter');
  await page.locator(`[data-word="${at}"]`, { hasText: 'corrected' }).waitFor();
  const saved = performance.now() - from;
  await page.evaluate(drawnTwice);
  await page.waitForTimeout(300);
  const { keys } = await seenIn(page);
  await page.close();
  return { edit: slowest('keys of a correction', keys, 'corrected'.length + 1), saved };
}

/** Measures. */
export async function benchConsole(): Promise<Record<string, unknown>> {
  await buildConsole(root, new AbortController().signal, () => process.stdout.write('Building the console …\n'));
  const directory = join(root, 'console', 'dist');
  const { server, stop } = await startBenchServer({
    env: { CARMIC_PORT: '0', CARMIC_RATE_LIMIT_PER_MINUTE: '1000000000', CARMIC_CONSOLE_DIR: directory },
    processes: ['web'],
  });
  const executablePath = process.env['CARMIC_CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
  const pages = await startBarePages(executablePath);
  try {
    const { token, videoId } = await seedLibrary(server.deps);
    const cookie = { name: 'carmic', value: token, url: server.baseUrl, httpOnly: true };
    // tsx keeps the names of functions by a helper of its own, which the page has to have too.
    const script = `globalThis.__name = (named) => named; (${String(observe)})();`;
    const onPage = async <T>(visit: (page: BarePage, baseUrl: string) => Promise<T>) => {
      const page = await pages.open({ cookies: [cookie], script });
      const seen = await visit(page, server.baseUrl);
      await page.close();
      return seen;
    };
    const rounds = [];
    for (let turn = 0; turn < visits; turn++) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' });
      await context.addInitScript({ content: script });
      await context.addCookies([{ ...cookie, sameSite: 'Lax' }]);
      const work = await onPage(countWork);
      const library = await onPage(visitLibrary);
      rounds.push({ work, ...library, ...(await editWord(context, server.baseUrl, videoId, 20 + turn)) });
      process.stdout.write(`${JSON.stringify(rounds.at(-1))}\n`);
      await context.close();
    }
    return {
      firstLoadKB: round(firstLoadBytes(directory) / 102.4) / 10,
      scriptOnLibraryKB: round(median(rounds.map(({ scriptBytes }) => scriptBytes)) / 102.4) / 10,
      lcpMs: round(median(rounds.map(({ lcp }) => lcp))),
      mainThreadMs: round(median(rounds.map(({ work }) => work))),
      inpMs: round(median(rounds.map(({ inp }) => inp))),
      editMs: round(median(rounds.map(({ edit }) => edit))),
      savedMs: round(median(rounds.map(({ saved }) => saved))),
      ...{ slowdown, videos: videoCount, words: wordCount, visits },
    };
  } finally {
    await browser.close();
    await pages.close();
    await stop();
  }
}
