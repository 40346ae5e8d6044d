/**
 * What a start shows while it works: one line per step. On a terminal the running steps are redrawn in place below the finished
 * ones; elsewhere each step writes a line when it begins, now and then while it lasts, and when it ends.
 */
import { formatSeconds, printable } from './printable.ts';

/** The part of a stream that progress needs. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** One step on its way. Every step ends by `done`, `skip` or `fail`. */
export interface Step {
  /** Says what is being done now, and how far it is (0 to 1). */
  update(text: string, share?: number): void;
  done(text: string): void;
  skip(text: string): void;
  fail(text: string): void;
}

export interface Progress {
  step(label: string, text: string): Step;
  /** Writes lines that stay, above the running steps. */
  say(text: string): void;
  /** Stops redrawing; running steps are left as they were. */
  close(): void;
}

interface Running {
  label: string;
  text: string;
  share: number | undefined;
  startedAt: number;
  saidAt: number;
  saidShare: number;
}

const labelWidth = 12;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const redrawMs = 100;
const plainEveryMs = 10_000;
const plainEveryShare = 0.25;

/** A bar of `width` characters, filled to `share`. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** Builds the display; `now` answers milliseconds. */
export function createProgress(output: Output, now: () => number = Date.now): Progress {
  return output.isTTY === true ? createTtyProgress(output, now) : createPlainProgress(output, now);
}

function begin(label: string, text: string, now: number): Running {
  return { label: printable(label), text: printable(text), share: undefined, startedAt: now, saidAt: now, saidShare: 0 };
}

function createPlainProgress(output: Output, now: () => number): Progress {
  const finish = (step: Running, text: string) => {
    output.write(`${step.label}: ${printable(text)} (${formatSeconds((now() - step.startedAt) / 1000)})\n`);
  };
  return {
    step(label, text) {
      const step = begin(label, text, now());
      output.write(`${step.label}: ${step.text} …\n`);
      return {
        update(next, share) {
          const isDue = now() - step.saidAt >= plainEveryMs || (share ?? 0) - step.saidShare >= plainEveryShare;
          if (isDue && (next !== step.text || share !== step.share)) {
            output.write(`${step.label}: ${share === undefined ? '' : `${Math.round(share * 100)} % `}${printable(next)}\n`);
            Object.assign(step, { saidAt: now(), saidShare: share ?? 0 });
          }
          Object.assign(step, { text: printable(next), share });
        },
        done: (done) => finish(step, done),
        skip: (why) => finish(step, why),
        fail: (why) => finish(step, `failed: ${why}`),
      };
    },
    say: (text) => output.write(`${text}\n`),
    close: () => undefined,
  };
}

function createTtyProgress(output: Output, now: () => number): Progress {
  const running = new Set<Running>();
  let drawnLines = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const fit = (line: string) => [...line].slice(0, Math.max(20, (output.columns ?? 80) - 1)).join('');
  const erase = () => (drawnLines === 0 ? '' : `\x1b[${drawnLines}A\x1b[0J`);
  const draw = (above = '') => {
    const lines = [...running].map((step) => fit(runningLine(step, frames[frame % frames.length] ?? '·', now())));
    output.write(`${erase()}${above}${lines.map((line) => `${line}\n`).join('')}`);
    drawnLines = lines.length;
  };
  const settle = () => {
    if (running.size > 0 && timer === undefined) {
      timer = setInterval(() => {
        frame += 1;
        draw();
      }, redrawMs);
      timer.unref();
    }
    if (running.size === 0 && timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  const finish = (step: Running, mark: string, text: string) => {
    running.delete(step);
    const seconds = formatSeconds((now() - step.startedAt) / 1000);
    draw(`  ${mark} ${step.label.padEnd(labelWidth)} ${printable(text)} \x1b[2m${seconds}\x1b[0m\n`);
    settle();
  };

  return {
    step(label, text) {
      const step = begin(label, text, now());
      running.add(step);
      draw();
      settle();
      return {
        update: (next, share) => Object.assign(step, { text: printable(next), share }),
        done: (done) => finish(step, '\x1b[32m✓\x1b[0m', done),
        skip: (why) => finish(step, '\x1b[33m–\x1b[0m', why),
        fail: (why) => finish(step, '\x1b[31m✗\x1b[0m', why),
      };
    },
    say: (text) => draw(`${text}\n`),
    close() {
      clearInterval(timer);
      timer = undefined;
      drawnLines = 0;
      running.clear();
    },
  };
}

function runningLine(step: Running, mark: string, now: number): string {
  const seconds = formatSeconds((now - step.startedAt) / 1000);
  const share = step.share === undefined ? '' : `${bar(step.share, 20)} ${String(Math.round(step.share * 100)).padStart(3)} %  `;
  return `  ${mark} ${step.label.padEnd(labelWidth)} ${share}${step.text}  ${seconds}`;
}
