/**
 * Measures a card's picture against libx264's before a customer gets it.
 *
 * Both encode the same reference clip with the settings of the product, and structural similarity (SSIM, Wang et al. 2004, as ffmpeg's filter
 * computes it) says how much of it is left. A card that falls behind gets finer settings; one that stays behind is not used.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncoderQuality } from '@carmic/contract';
import { type Run, RunError } from '../ffmpeg/run.ts';
import { cleanOutputArgs, generatedInputArgs, ownInputArgs, quietArgs } from '../ffmpeg/safety.ts';
import { type EncoderKind, type EncoderProfile, x264 } from './profiles.ts';

export interface QualityOptions {
  run: Run;
  directory: string;
  signal: AbortSignal;
}

export interface QualityChoice {
  /** The first step that is good enough; null when none is. */
  profile: EncoderProfile | null;
  quality: EncoderQuality | null;
  said: string;
}

export interface QualityGate {
  choose(kind: EncoderKind, variant: number): Promise<QualityChoice>;
}

/** SSIM that a card may lose against libx264. On this clip, seven steps of libx264's crf, from 21 to 28, cost 0.008. */
export const allowedLoss = 0.005;
/** A file larger than this against libx264's is not worth the time it saves. */
export const largestSizeShare = 3;

/** Hard to encode: fine edges that move, text, and a little grain. */
const reference = 'testsrc2=size=640x360:rate=25:duration=2,scroll=horizontal=0.004,noise=alls=3:allf=t:all_seed=7,gblur=sigma=0.8';
const referenceFile = 'reference.mp4';

interface Measured {
  ssim: number;
  sizeBytes: number;
}

/** Makes the gate; the reference clip and libx264's measure are made when the first card asks. */
export function createQualityGate(options: QualityOptions): QualityGate {
  let x264Measure: Promise<Measured> | null = null;
  const measureX264 = async () => {
    await ffmpeg(options, referenceArgs(), false);
    return measure(x264, options);
  };
  return {
    async choose(kind, variant) {
      let last: QualityChoice = { profile: null, quality: null, said: 'it encoded nothing that can be measured' };
      for (let step = 0; step < kind.stepCount; step++) {
        const profile = kind.profile(variant, step);
        try {
          const of264 = await (x264Measure ??= measureX264());
          const own = await measure(profile, options);
          const quality = { ssim: own.ssim, referenceSsim: of264.ssim, sizeShare: Number((own.sizeBytes / of264.sizeBytes).toFixed(2)) };
          if (isGoodEnough(quality)) {
            return { profile, quality, said: `It encoded the reference clip: SSIM ${own.ssim}, libx264 ${of264.ssim}.` };
          }
          last = { profile: null, quality, said: '' };
        } catch (error) {
          options.signal.throwIfAborted();
          const said = error instanceof RunError ? error.message : String(error);
          return { profile: null, quality: null, said: `the reference clip: ${said}` };
        }
      }
      return last;
    },
  };
}

/** Whether a card's picture may be given to customers. */
export function isGoodEnough({ ssim, referenceSsim, sizeShare }: EncoderQuality): boolean {
  return ssim >= referenceSsim - allowedLoss && sizeShare <= largestSizeShare;
}

async function measure(profile: EncoderProfile, options: QualityOptions): Promise<Measured> {
  const file = `${profile.name}.mp4`;
  await ffmpeg(options, encodeArgs(profile, file), profile.family !== 'cpu');
  const ssim = readSsim(await ffmpeg(options, compareArgs(file), false));
  if (ssim === null) {
    throw new Error('ffmpeg told no SSIM.');
  }
  const { size } = await stat(join(options.directory, file));
  return { ssim, sizeBytes: size };
}

/** The reference clip without loss. */
function referenceArgs(): string[] {
  return [
    ...[...quietArgs, '-v', 'error', ...generatedInputArgs, '-i', reference],
    ...['-c:v', 'libx264', '-qp', '0', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...cleanOutputArgs, '-f', 'mp4', referenceFile],
  ];
}

function encodeArgs(profile: EncoderProfile, file: string): string[] {
  const upload = profile.uploadFilter === null ? [] : ['-vf', profile.uploadFilter];
  return [
    ...[...quietArgs, '-v', 'error', ...profile.deviceArgs, ...ownInputArgs('mov'), '-i', referenceFile],
    ...['-map', '0:v:0', ...upload, ...profile.encodeArgs, ...cleanOutputArgs, '-f', 'mp4', file],
  ];
}

function compareArgs(file: string): string[] {
  return [
    ...[...quietArgs, '-v', 'info', ...ownInputArgs('mov'), '-i', file, ...ownInputArgs('mov'), '-i', referenceFile],
    ...['-lavfi', '[0:v][1:v]ssim', '-f', 'null', '-'],
  ];
}

/** Reads what the filter says when it ends. */
export function readSsim(stderr: string): number | null {
  const value = Number(/SSIM .*All:([\d.]+)/.exec(stderr)?.[1] ?? Number.NaN);
  return Number.isFinite(value) ? Number(value.toFixed(4)) : null;
}

async function ffmpeg({ run, directory, signal }: QualityOptions, args: string[], usesGpu: boolean): Promise<string> {
  const limits = { wallSeconds: 120, fileBytes: 200_000_000 };
  const { stderr } = await run({ program: 'ffmpeg', args, directory, limits, signal, usesGpu });
  return stderr;
}
