/**
 * Pages that nobody looks into while they load. Playwright has the browser tell it of every request, with the line of the program that made it, and to
 * know the line the browser reads the program once more: some 25 ms of processor time before the first picture, which no visitor's browser spends.
 * Here the browser is asked by its own protocol, over a pipe, and only for what is measured (https://chromedevtools.github.io/devtools-protocol).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import { chromiumFlags } from '../../support/chromiumFlags.ts';

type Params = Record<string, unknown>;
type Answer = Record<string, never>;

/** A page of a profile of its own. */
export interface BarePage {
  /** Calls a method of the protocol. Throws what the browser answers to a wrong call. */
  send(method: string, params?: Params): Promise<Answer>;
  /** What an expression is in the page; a promise is waited for. Throws what it throws. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true; throws after a minute. */
  until(expression: string): Promise<void>;
  /** Presses the middle of the first button or link whose text begins so. */
  click(text: string): Promise<void>;
  /** Presses a key as a keyboard does: `Escape`, `a`, or with Control held. */
  press(key: string, isControl?: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface BarePages {
  /** Opens an empty page of 1280 x 860 px that has these cookies, and runs `script` before anything of what it loads. */
  open(options: { cookies: { name: string; value: string; url: string }[]; script: string }): Promise<BarePage>;
  close(): Promise<void>;
}

/** Runs in a page: two pictures of the screen later, everything that was caused has been drawn. */
export const drawnTwice = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(undefined))))';

const size = { width: 1280, height: 860 };
/** With room for the browser's own bars: what lies below a window's edge is never drawn, and an answer that stands there is never measured. */
const windowSize = { width: 1400, height: 1200 };

/** Starts a Chromium. */
export async function startBarePages(executablePath: string): Promise<BarePages> {
  const profile = mkdtempSync(join(tmpdir(), 'carmic-bench-browser-'));
  const child = spawn(executablePath, ['--headless=new', ...chromiumFlags, '--remote-debugging-pipe', `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [, , , toBrowser, fromBrowser] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  let text = '';
  fromBrowser.setEncoding('utf8').on('data', (part: string) => {
    const messages = (text + part).split('\0');
    text = messages.pop() ?? '';
    for (const message of messages) {
      const { id, result, error } = JSON.parse(message) as { id?: number; result?: Answer; error?: { message: string } };
      const asked = id === undefined ? undefined : waiting.get(id);
      waiting.delete(id ?? 0);
      if (error) {
        asked?.reject(new Error(error.message));
      } else {
        asked?.resolve(result ?? {});
      }
    }
  });
  const exited = once(child, 'exit');
  void exited.then(() => waiting.forEach(({ reject }) => reject(new Error('The browser has ended.'))));
  const send = (method: string, params: Params = {}, sessionId?: string) =>
    new Promise<Answer>((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      toBrowser.write(`${JSON.stringify({ id: lastId, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`);
    });

  return {
    async open({ cookies, script }) {
      const { browserContextId } = await send('Target.createBrowserContext');
      await send('Storage.setCookies', { browserContextId, cookies });
      const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId, newWindow: true, ...windowSize });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      const call = (method: string, params: Params = {}) => send(method, params, sessionId);
      await call('Page.enable');
      await call('Page.addScriptToEvaluateOnNewDocument', { source: script });
      await call('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
      return describePage(call, async () => {
        await send('Target.disposeBrowserContext', { browserContextId });
      });
    },
    async close() {
      await send('Browser.close');
      await exited;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function describePage(send: BarePage['send'], close: BarePage['close']): BarePage {
  const evaluate = async <T>(expression: string) => {
    const { result, exceptionDetails } = (await send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as unknown as {
      result: { value: T };
      exceptionDetails?: { text: string };
    };
    if (exceptionDetails) {
      throw new Error(`${exceptionDetails.text}: ${expression}`);
    }
    return result.value;
  };
  const until = async (expression: string) => {
    const giveUpAt = Date.now() + 60_000;
    while (!(await evaluate<boolean>(expression))) {
      if (Date.now() > giveUpAt) {
        throw new Error(`Not within a minute: ${expression}`);
      }
      await pause(100);
    }
  };
  return {
    send,
    evaluate,
    until,
    close,
    async click(text) {
      const find = `[...document.querySelectorAll('button, a')].find((element) => element.textContent.trim().startsWith(${JSON.stringify(text)}))`;
      await until(`${find} !== undefined`);
      // As with a person, who presses what has come to rest.
      await evaluate(`${find}.scrollIntoView({ block: 'nearest' })`);
      await evaluate(drawnTwice);
      await pause(300);
      const place = await evaluate<{ x: number; y: number }>(`(() => {
        const element = ${find};
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      })()`);
      await send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...place });
      await send('Input.dispatchMouseEvent', { type: 'mousePressed', button: 'left', clickCount: 1, ...place });
      await send('Input.dispatchMouseEvent', { type: 'mouseReleased', button: 'left', clickCount: 1, ...place });
    },
    async press(key, isControl = false) {
      const isLetter = key.length === 1;
      const keyCode = isLetter ? key.toUpperCase().charCodeAt(0) : { Escape: 27 }[key];
      const event = {
        key,
        windowsVirtualKeyCode: keyCode,
        modifiers: isControl ? 2 : 0,
        code: isLetter && /[a-z]/.test(key) ? `Key${key.toUpperCase()}` : key,
      };
      await send('Input.dispatchKeyEvent', {
        type: isLetter && !isControl ? 'keyDown' : 'rawKeyDown',
        ...(isLetter && !isControl && { text: key }),
        ...event,
      });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
    },
  };
}
