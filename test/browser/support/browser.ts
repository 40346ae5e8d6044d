/**
 * A real browser on the built console. What it complains of (console, page errors, requests that fail, are refused or go elsewhere) is collected,
 * and fails the test at its end unless the test has named it.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, type TestContext } from 'vitest';
import { chromiumFlags } from '../../support/chromiumFlags.ts';
import { requireOrSkip } from '../../support/requirements.ts';

/** A host name that leads here but is not a secure context over plain http, like a name in a company's network. */
export const plainHost = 'carmic.lan';

/** The built console, for `CARMIC_CONSOLE_DIR`. `npm test` builds it first. */
export const consoleDirectory = fileURLToPath(new URL('../../../console/dist', import.meta.url));

export interface VisitOptions {
  baseUrl: string;
  /** Session of somebody who is signed in already. */
  token?: string;
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
  reducedMotion?: boolean;
  /** A telephone: fingers, no mouse. */
  isPhone?: boolean;
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Console errors and warnings, page errors, requests that failed or went elsewhere; empty at the end of a good journey. */
  problems: string[];
  /** What the journey is about is no problem: by a part of the address, or of how the browser calls it, such as `ERR_INTERNET_DISCONNECTED`. */
  expectRefusal(part: string): void;
  /** Clicks what opens a file dialog, and answers it. */
  choose(click: () => Promise<void>, files: string | string[]): Promise<void>;
}

export interface TestBrowser {
  /** A fresh profile with one page, closed at the end of the test. Skips the test where there is no browser. */
  visit(context: Pick<TestContext, 'skip' | 'task' | 'onTestFinished'>, options: VisitOptions): Promise<Visit>;
  close(): Promise<void>;
}

/** Prepares a browser that starts with the first visit; close it in `afterAll`. */
export function prepareBrowser(): TestBrowser {
  let browser: Browser | undefined;
  return {
    async visit(context, options) {
      const executablePath = requireOrSkip(context, 'chromium');
      if (!existsSync(consoleDirectory)) {
        throw new Error('The console is not built: npm run build -w @carmic/console');
      }
      browser ??= await launch(executablePath);
      const visit = await openVisit(browser, options);
      // A page that stays open listens, asks and draws with every change that a later test makes.
      context.onTestFinished(async () => {
        if (context.task.result?.state === 'fail') {
          await showFailure(visit, context.task.name);
        }
        const complaints = [...visit.problems];
        await visit.context.close();
        expect(complaints, 'What the browser complained of').toEqual([]);
      });
      return visit;
    },
    async close() {
      await browser?.close();
    },
  };
}

/** Leaves a picture of the page where the test failed, and says what the browser complained of. */
async function showFailure({ page, problems }: Visit, name: string): Promise<void> {
  const path = join(tmpdir(), 'carmic-browser-failures', `${name.replace(/\W+/g, '-')}.png`);
  await page.screenshot({ path }).catch(() => undefined);
  process.stderr.write(`At ${page.url()}; picture: ${path}\n${problems.join('\n')}\n`);
}

function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      ...chromiumFlags,
      '--disable-quic',
      '--autoplay-policy=no-user-gesture-required',
      // A name of this machine that no browser takes for a secure context.
      `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`,
    ],
  });
}

async function openVisit(browser: Browser, options: VisitOptions): Promise<Visit> {
  const { baseUrl, token, width = 1280, height = 860, theme = 'light', reducedMotion = false, isPhone = false } = options;
  const context = await browser.newContext({
    baseURL: baseUrl,
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    locale: 'en-GB',
    timezoneId: 'UTC',
    acceptDownloads: true,
    hasTouch: isPhone,
    isMobile: isPhone,
  });
  await context.addInitScript(prepareDocument, token !== undefined);
  if (token !== undefined) {
    await context.addCookies([{ name: 'carmic', value: token, url: baseUrl, httpOnly: true, sameSite: 'Lax' }]);
  }
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const problems: string[] = [];
  const refusals: string[] = [];
  collectProblems(page, new URL(baseUrl).origin, problems, refusals);
  return {
    page,
    context,
    problems,
    expectRefusal: (part) => refusals.push(part),
    async choose(click, files) {
      // The browser has to know that the dialog is answered here before a key opens it.
      const press = async () => {
        await page.evaluate('0');
        await click();
      };
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press()]);
      await chooser.setFiles(files);
    },
  };
}

/** Runs in the page: only the plain file dialog can be answered by a test, and a session cookie cannot be seen by the console. */
function prepareDocument(isSignedIn: boolean): void {
  Reflect.deleteProperty(globalThis, 'showOpenFilePicker');
  // The empty page before the first one is of nobody, and has no storage.
  if (Reflect.get(globalThis, 'origin') === 'null') {
    return;
  }
  const storage = Reflect.get(globalThis, 'localStorage') as { setItem(key: string, value: string): void } | null;
  if (isSignedIn && storage !== null) {
    storage.setItem('carmic.signed-in', 'yes');
  }
}

function collectProblems(page: Page, origin: string, problems: string[], refusals: string[]): void {
  const add = (problem: string) => {
    if (!refusals.some((part) => problem.includes(part))) {
      problems.push(problem);
    }
  };
  page.on('console', (message) => {
    const isComplaint = message.type() === 'error' || message.type() === 'warning';
    // A refused request is reported by its response below, with more to read.
    if (isComplaint && !message.text().startsWith('Failed to load resource')) {
      add(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => add(`page error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !/^(data|blob|about):/.test(request.url())) {
      add(`foreign request: ${request.url()}`);
    }
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? '';
    // What the page itself calls off: it went elsewhere, a player has another source, or an upload was stopped.
    if (reason !== 'net::ERR_ABORTED') {
      add(`${reason} ${request.method()} ${request.url()}`);
    }
  });
  page.on('response', (response) => {
    if (response.status() >= 400) {
      add(`${response.status()} ${response.request().method()} ${response.url()}`);
    }
  });
}
