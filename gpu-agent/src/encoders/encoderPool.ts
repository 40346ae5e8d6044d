/**
 * Hands out encoders clip by clip: the best that works, no more at a time than the card takes, and the processor when the card fails.
 *
 * A card that fails is left alone for a while and then tried anew by encoding; everything it was tried for is told to the server again.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncoderCapability, EncoderCause, EncoderFamily, VideoCodec } from '@carmic/contract';
import type { Logger } from 'pino';
import { type Run, RunError } from '../ffmpeg/run.ts';
import { describeCause, readCause } from './causes.ts';
import { type ProbedEncoder, probeEncoders } from './probeEncoders.ts';
import { type EncoderProfile, x264 } from './profiles.ts';
import type { QualityGate, QualityOptions } from './quality.ts';
import { createSemaphore, type Semaphore } from './semaphore.ts';

export interface Encoded<T> {
  value: T;
  profile: EncoderProfile;
  /** Why this encoder, in one sentence for whoever made the clip. */
  reason: string;
}

export interface EncoderPool {
  describe(): EncoderCapability[];
  /** Runs `encode` with the best encoder there is now, and once more on the processor when a card fails it. */
  encode<T>(codec: VideoCodec, signal: AbortSignal, encode: (profile: EncoderProfile) => Promise<T>): Promise<Encoded<T>>;
  /** Tells `listener` when what an encoder can do has changed. */
  onChange(listener: () => void): void;
}

export interface PoolOptions {
  run: Run;
  scratch: string;
  slots: number;
  families: ReadonlySet<EncoderFamily>;
  createGate?: (options: QualityOptions) => QualityGate;
  log: Logger;
  /** Milliseconds that only ever rise. */
  now?: () => number;
}

const firstPauseMs = 30_000;
const longestPauseMs = 15 * 60_000;

interface Rest {
  untilMs: number;
  pauseMs: number;
}

/** Probes every encoder and makes the pool. */
export async function createEncoderPool(options: PoolOptions): Promise<EncoderPool> {
  const now = options.now ?? (() => performance.now());
  const places = new Map<EncoderFamily, Semaphore>();
  const resting = new Map<EncoderFamily, Rest>();
  const listeners: (() => void)[] = [];
  let probed = await probeIn(options, new AbortController().signal);
  let probing: Promise<void> | null = null;
  for (const { kind, capability } of probed) {
    if (kind.family !== 'cpu' && isPassing(capability.cause ?? null)) {
      resting.set(kind.family, { untilMs: now() + firstPauseMs, pauseMs: firstPauseMs });
    }
  }
  const placesOf = (family: EncoderFamily) => {
    const existing = places.get(family);
    const made = existing ?? createSemaphore(sessionsOf(probed, family) ?? options.slots);
    places.set(family, made);
    return made;
  };
  const changed = () => listeners.forEach((listener) => listener());

  /** Tries the cards again whose rest is over. */
  const refresh = async () => {
    const isDue = [...resting.values()].some((rest) => rest.untilMs <= now());
    if (isDue || probing !== null) {
      // What runs now holds sessions that the probe cannot open.
      const held = new Map([...places].map(([family, seats]) => [family, seats.inUse]));
      probing ??= probeIn(options, new AbortController().signal)
        .then((fresh) => {
          probed = fresh;
          for (const family of [...resting.keys()]) {
            const rest = resting.get(family);
            if (rest && rest.untilMs <= now()) {
              settle(family, rest, held.get(family) ?? 0);
            }
          }
          changed();
        })
        .finally(() => {
          probing = null;
        });
      await probing;
    }
  };
  const settle = (family: EncoderFamily, rest: Rest, held: number) => {
    const works = probed.some((encoder) => encoder.kind.family === family && encoder.profile !== null);
    if (works) {
      resting.delete(family);
      const sessions = sessionsOf(probed, family);
      placesOf(family).setLimit(sessions === null ? options.slots : sessions + held);
      options.log.info({ family }, 'the graphics card encodes again');
    } else {
      const pauseMs = Math.min(longestPauseMs, rest.pauseMs * 2);
      resting.set(family, { untilMs: now() + pauseMs, pauseMs });
    }
  };
  const takeNote = (profile: EncoderProfile, cause: EncoderCause, inUse: number) => {
    const { family } = profile;
    if (cause === 'session_limit' && inUse > 1) {
      // The card takes fewer than was thought, and goes on with those.
      placesOf(family).setLimit(inUse - 1);
      probed = probed.map((encoder) =>
        encoder.kind.family === family ? { ...encoder, capability: { ...encoder.capability, sessions: inUse - 1 } } : encoder,
      );
    } else {
      const pauseMs = resting.get(family)?.pauseMs ?? firstPauseMs;
      resting.set(family, { untilMs: now() + pauseMs, pauseMs });
      probed = probed.map((encoder) => (encoder.kind.family === family ? failed(encoder, cause) : encoder));
    }
    changed();
  };

  return {
    describe: () => probed.map((encoder) => encoder.capability),
    onChange: (listener) => listeners.push(listener),
    async encode(codec, signal, encode) {
      await refresh();
      const onCard = probed.find(({ kind, profile }) => kind.codec === codec && kind.family !== 'cpu' && profile !== null)?.profile ?? null;
      const problem = onCard === null ? null : await tryCard(onCard, signal, encode);
      if (problem !== null && 'done' in problem) {
        return problem.done;
      }
      const profile = onProcessor(probed, codec);
      const value = await encode(profile);
      if (problem === null || onCard === null) {
        return { value, profile, reason: whyProcessor(probed, codec, profile) };
      }
      // The processor could do it, so it was not the source.
      takeNote(onCard, problem.cause, problem.inUse);
      options.log.warn({ encoder: onCard.name, cause: problem.cause }, 'the graphics card failed a clip; the processor encoded it');
      return { value, profile, reason: `${onCard.name} failed on this clip, so the processor encoded it. ${problem.text}` };
    },
  };

  async function tryCard<T>(
    profile: EncoderProfile,
    signal: AbortSignal,
    encode: (profile: EncoderProfile) => Promise<T>,
  ): Promise<{ done: Encoded<T> } | (CardProblem & { inUse: number })> {
    const seats = placesOf(profile.family);
    const leave = await seats.acquire(signal);
    try {
      return { done: { value: await encode(profile), profile, reason: `${profile.name}: the graphics card encodes.` } };
    } catch (error) {
      signal.throwIfAborted();
      const problem = cardProblem(error, profile.family);
      if (problem === null) {
        throw error;
      }
      return { ...problem, inUse: seats.inUse };
    } finally {
      leave();
    }
  }
}

/** Encodes everything with libx264, on a host that was not probed. */
export const processorOnly: Pick<EncoderPool, 'encode'> = {
  encode: async (_codec, _signal, encode) => ({ value: await encode(x264), profile: x264, reason: 'The processor encodes.' }),
};

async function probeIn(options: PoolOptions, signal: AbortSignal): Promise<ProbedEncoder[]> {
  const directory = join(options.scratch, 'encoders');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    return await probeEncoders({ ...options, directory, signal });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function sessionsOf(probed: readonly ProbedEncoder[], family: EncoderFamily): number | null {
  return probed.find((encoder) => encoder.kind.family === family && encoder.profile !== null)?.capability.sessions ?? null;
}

function failed(encoder: ProbedEncoder, cause: EncoderCause): ProbedEncoder {
  if (encoder.profile === null) {
    return encoder;
  }
  const reason = `${describeCause(cause, encoder.kind.family)} It is tried again in a while.`;
  return { ...encoder, profile: null, capability: { ...encoder.capability, works: false, cause, reason } };
}

/** Causes that may be gone in a while: another program held the card, or nobody knows. */
function isPassing(cause: EncoderCause | null): boolean {
  return cause === 'session_limit' || cause === 'out_of_memory' || cause === 'failed';
}

interface CardProblem {
  cause: EncoderCause;
  text: string;
}

/** What may have been the card's fault; null for what another encoder would not change. */
function cardProblem(error: unknown, family: EncoderFamily): CardProblem | null {
  const ended = error instanceof RunError ? error : error instanceof Error && error.cause instanceof RunError ? error.cause : null;
  if (ended === null || !['exit', 'time_limit', 'memory_limit'].includes(ended.reason)) {
    return null;
  }
  const cause = readCause(ended.stderr) ?? 'failed';
  return { cause, text: cause === 'failed' ? 'It said nothing that is known here.' : describeCause(cause, family) };
}

function onProcessor(probed: readonly ProbedEncoder[], codec: VideoCodec): EncoderProfile {
  const found = probed.find(({ kind, profile }) => kind.codec === codec && kind.family === 'cpu' && profile !== null);
  return found?.profile ?? x264;
}

function whyProcessor(probed: readonly ProbedEncoder[], codec: VideoCodec, profile: EncoderProfile): string {
  const other = profile.codec === codec ? '' : `No encoder for ${codec} works on this agent, so it is ${profile.codec}. `;
  const cards = probed.filter(({ kind }) => kind.codec === codec && kind.family !== 'cpu');
  const telling = cards.find(({ capability }) => !['not_built', 'no_driver', 'no_device'].includes(capability.cause ?? ''))?.capability;
  const why = telling ? `${telling.name}: ${telling.reason}` : 'This agent has no graphics card that encodes.';
  return `${other}The processor encodes. ${why}`;
}
