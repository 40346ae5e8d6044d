/**
 * Finds out which encoders work on this host, by encoding.
 *
 * A list of encoders proves nothing: a build may name one whose driver or card is not here. So each encodes two frames with the settings
 * of the product; a card's encoder also shows how many clips it takes at a time, and that its picture is as good as libx264's.
 */
import { access, constants } from 'node:fs/promises';
import type { EncoderCapability, EncoderCause, EncoderFamily } from '@carmic/contract';
import { type Run, RunError } from '../ffmpeg/run.ts';
import { generatedInputArgs, quietArgs } from '../ffmpeg/safety.ts';
import { describeCause, isOfHost, readCause } from './causes.ts';
import { type EncoderKind, encoderKinds, type EncoderProfile, renderNode } from './profiles.ts';
import { createQualityGate, type QualityGate, type QualityOptions } from './quality.ts';

export interface ProbeOptions {
  run: Run;
  /** An empty folder for what is made on the way. */
  directory: string;
  /** Clips that the agent may want to encode at a time. */
  slots: number;
  /** Families that may be used; the processor always may. */
  families: ReadonlySet<EncoderFamily>;
  /** Measures a card's picture; the real gate by default. */
  createGate?: (options: QualityOptions) => QualityGate;
  signal: AbortSignal;
}

export interface ProbedEncoder {
  kind: EncoderKind;
  /** How to use it; null when it does not work. */
  profile: EncoderProfile | null;
  capability: EncoderCapability;
}

/** Tries every encoder that this ffmpeg lists. Never throws for one that does not work. */
export async function probeEncoders(options: ProbeOptions): Promise<ProbedEncoder[]> {
  const listed = await listEncoders(options);
  const gate = (options.createGate ?? createQualityGate)(options);
  const ofHost = new Map<EncoderFamily, EncoderCause>();
  const sessions = new Map<EncoderFamily, number | null>();
  const found: ProbedEncoder[] = [];
  for (const kind of encoderKinds) {
    found.push(await probeOne(kind, options, { listed, gate, ofHost, sessions }));
  }
  return found;
}

interface Shared {
  listed: ReadonlySet<string>;
  gate: QualityGate;
  /** What keeps a whole family from working here. */
  ofHost: Map<EncoderFamily, EncoderCause>;
  /** Sessions are the card's, whatever the codec. */
  sessions: Map<EncoderFamily, number | null>;
}

async function probeOne(kind: EncoderKind, options: ProbeOptions, shared: Shared): Promise<ProbedEncoder> {
  const fail = (cause: EncoderCause, said = '', rest: Partial<EncoderCapability> = {}): ProbedEncoder => {
    if (isOfHost(cause)) {
      shared.ofHost.set(kind.family, cause);
    }
    const { name, codec, family } = kind;
    const reason = describeCause(cause, family, said);
    return { kind, profile: null, capability: { name, codec, family, works: false, reason, cause, ...rest } };
  };
  if (kind.family !== 'cpu' && !options.families.has(kind.family)) {
    return fail('switched_off');
  }
  if (!shared.listed.has(kind.name)) {
    return fail('not_built');
  }
  const known = shared.ofHost.get(kind.family) ?? (await accessProblem(kind.family));
  if (known !== null) {
    return fail(known);
  }
  const tried = await tryVariants(kind, options);
  if ('cause' in tried) {
    return fail(tried.cause, tried.said);
  }
  if (kind.family === 'cpu') {
    return succeed(kind, kind.profile(tried.variant, 0), 'It encoded two frames.', { sessions: null, quality: null });
  }
  const sessions = shared.sessions.get(kind.family) ?? (await countSessions(kind.profile(tried.variant, 0), options));
  shared.sessions.set(kind.family, sessions);
  const measured = await shared.gate.choose(kind, tried.variant);
  if (measured.profile === null) {
    return fail(measured.quality === null ? 'failed' : 'low_quality', measured.said, { sessions, quality: measured.quality });
  }
  return succeed(kind, measured.profile, measured.said, { sessions, quality: measured.quality });
}

function succeed(kind: EncoderKind, profile: EncoderProfile, reason: string, rest: Partial<EncoderCapability>): ProbedEncoder {
  const { name, codec, family } = kind;
  return { kind, profile, capability: { name, codec, family, works: true, reason, cause: null, ...rest } };
}

/** The drivers only say that nothing was found when a card is there and the agent may not open it. */
async function accessProblem(family: EncoderFamily): Promise<EncoderCause | null> {
  if (family !== 'vaapi' && family !== 'qsv') {
    return null;
  }
  try {
    await access(renderNode, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'no_access' : null;
  }
}

/** The best variant that works, or why none does. */
async function tryVariants(kind: EncoderKind, options: ProbeOptions): Promise<{ variant: number } | { cause: EncoderCause; said: string }> {
  let last: { cause: EncoderCause; said: string } = { cause: 'failed', said: '' };
  for (let variant = 0; variant < kind.variantCount; variant++) {
    const failure = await tryEncode(kind.profile(variant, 0), 1, options);
    if (failure === null) {
      return { variant };
    }
    last = failure;
    if (failure.cause !== 'unsupported') {
      return last;
    }
  }
  return last;
}

/** Clips that the card takes at a time, up to the agent's slots; null when it takes all of them. Only NVIDIA's drivers count sessions. */
async function countSessions(profile: EncoderProfile, options: ProbeOptions): Promise<number | null> {
  if (profile.family !== 'nvenc' || options.slots <= 1 || (await tryEncode(profile, options.slots, options)) === null) {
    return null;
  }
  let works = 1;
  let fails = options.slots;
  while (fails - works > 1) {
    const middle = Math.floor((works + fails) / 2);
    if ((await tryEncode(profile, middle, options)) === null) {
      works = middle;
    } else {
      fails = middle;
    }
  }
  return works;
}

/** Encodes two frames `sessions` times at once in one process; answers why it did not work, or null. */
async function tryEncode(
  profile: EncoderProfile,
  sessions: number,
  { run, directory, signal }: ProbeOptions,
): Promise<{ cause: EncoderCause; said: string } | null> {
  try {
    const limits = { wallSeconds: 60, fileBytes: 50_000_000 };
    await run({ program: 'ffmpeg', args: tryArgs(profile, sessions), directory, limits, signal, usesGpu: profile.family !== 'cpu' });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    const text = error instanceof RunError ? error.stderr : String(error);
    return { cause: readCause(text) ?? 'failed', said: lastWord(error) };
  }
}

/** The command line of a probe. Warnings are wanted: nvenc names a refused setting in one. */
export function tryArgs(profile: EncoderProfile, sessions: number): string[] {
  const upload = profile.uploadFilter === null ? [] : ['-vf', profile.uploadFilter];
  const output = ['-map', '0:v', ...upload, '-frames:v', '2', ...profile.encodeArgs, '-f', 'null', '-'];
  return [
    ...[...quietArgs, '-v', 'warning', ...profile.deviceArgs, ...generatedInputArgs, '-i', 'testsrc2=size=256x256:rate=25'],
    ...Array.from({ length: sessions }, () => output).flat(),
  ];
}

function lastWord(error: unknown): string {
  const text =
    error instanceof RunError && error.stderr.trim() !== '' ? error.stderr : error instanceof Error ? error.message : String(error);
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

async function listEncoders({ run, directory, signal }: ProbeOptions): Promise<ReadonlySet<string>> {
  const limits = { wallSeconds: 30, fileBytes: 1_000_000 };
  const { stdout } = await run({ program: 'ffmpeg', args: ['-hide_banner', '-encoders'], directory, limits, signal });
  return new Set(
    stdout
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[1] ?? ''),
  );
}
