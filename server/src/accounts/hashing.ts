/**
 * Argon2 on threads of its own, so that sign-ins do not slow other requests: one processor fewer than there are, at least one; with a lower
 * priority than the server's own thread where the system has priorities for threads (Linux); and not in Node's thread pool, where files and
 * name look-ups would wait for them.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Options } from '@node-rs/argon2';
import { unavailable } from '../core/errors.ts';

/** What a thread is asked. */
export type Question = { kind: 'hash'; password: string; cost: Options } | { kind: 'verify'; stored: string; password: string };

interface Asked {
  question: Question;
  resolve: (answer: string | boolean) => void;
  reject: (error: Error) => void;
}

interface Waiting {
  asked: Asked;
  timer: NodeJS.Timeout;
}

/** More would take memory (19 MiB each) and caches from everybody, for a rate of sign-ins that no installation has. */
const maxThreads = Math.max(1, Math.min(4, availableParallelism() - 1));
/** Who comes later, or would wait for longer, is told to come again. */
const maxWaiting = 100;
const maxWaitMs = 10_000;

const idle: Worker[] = [];
const waiting: Waiting[] = [];
/** What each thread works on. */
const working = new Map<Worker, Asked>();

/** Hashes a password. Throws unavailable when too many wait. */
export async function hash(password: string, cost: Options): Promise<string> {
  return String(await ask({ kind: 'hash', password, cost }));
}

/** Tells whether a password is the one of a hash. Throws unavailable when too many wait. */
export async function verify(stored: string, password: string): Promise<boolean> {
  return (await ask({ kind: 'verify', stored, password })) === true;
}

function ask(question: Question): Promise<string | boolean> {
  return new Promise((resolve, reject) => {
    const asked = { question, resolve, reject };
    const thread = idle.pop() ?? (working.size < maxThreads ? start() : null);
    if (thread !== null) {
      give(thread, asked);
    } else if (waiting.length < maxWaiting) {
      wait(asked);
    } else {
      reject(tooMany());
    }
  });
}

const tooMany = () => unavailable('Too many people are signing in right now: try again in a few seconds.', 3);

function wait(asked: Asked): void {
  const timer = setTimeout(() => {
    waiting.splice(waiting.indexOf(place), 1);
    asked.reject(tooMany());
  }, maxWaitMs);
  const place: Waiting = { asked, timer };
  waiting.push(place);
}

function nextWaiting(): Asked | undefined {
  const place = waiting.shift();
  clearTimeout(place?.timer);
  return place?.asked;
}

function give(thread: Worker, asked: Asked): void {
  working.set(thread, asked);
  thread.ref();
  thread.postMessage(asked.question);
}

/** Starts a thread. It stays, and keeps no process alive while nothing is asked. */
function start(): Worker {
  const thread = new Worker(new URL('hashThread.mjs', import.meta.url), {
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32 },
  });
  thread.on('message', ({ answer, error }: { answer?: string | boolean; error?: string }) => {
    const asked = working.get(thread);
    working.delete(thread);
    const next = nextWaiting();
    if (next === undefined) {
      thread.unref();
      idle.push(thread);
    } else {
      give(thread, next);
    }
    if (answer === undefined) {
      asked?.reject(new Error(error ?? 'The thread for passwords said nothing.'));
    } else {
      asked?.resolve(answer);
    }
  });
  thread.on('error', (error) => lose(thread, error));
  thread.on('exit', (code) => lose(thread, new Error(`The thread for passwords ended (${code}).`)));
  return thread;
}

/** A thread that ended fails what it worked on only; another one takes what waits. */
function lose(thread: Worker, error: Error): void {
  const asked = working.get(thread);
  working.delete(thread);
  const index = idle.indexOf(thread);
  if (index !== -1) {
    idle.splice(index, 1);
  }
  asked?.reject(error);
  const next = asked === undefined ? undefined : nextWaiting();
  if (next !== undefined) {
    give(start(), next);
  }
}
