/** Measured facts about a finished clip, and the bounds it is held to. */
import type { CertificateEntry } from '@carmic/contract';
import { captionFacts, type CaptionFactsInput } from '@carmic/captions';
import type { Loudness, LoudnessTarget } from './loudness.ts';
import { clipSampleRate } from './filterGraph.ts';
import { rateValue, type Timeline } from './timeline.ts';

export interface FinishedClip {
  frameCount: number;
  videoSeconds: number;
  audioSeconds: number;
  width: number;
  height: number;
  loudness: Loudness;
}

export interface CertificateInput {
  timeline: Timeline;
  width: number;
  height: number;
  hasAudio: boolean;
  target: LoudnessTarget;
  clip: FinishedClip;
  captions: CaptionFactsInput | null;
  /** What was proven of the framing. */
  framing: readonly CertificateEntry[];
  /** Similarity of the picture, where the encoder told it, and what it has to reach. */
  score: number | null;
  scoreTarget: number | null;
}

/** Builds the certificate. */
export function buildCertificate(input: CertificateInput): CertificateEntry[] {
  return [
    ...pictureFacts(input),
    ...similarityFacts(input),
    ...soundFacts(input),
    ...(input.captions ? captionFacts(input.captions) : []),
    ...input.framing,
  ];
}

function pictureFacts({ timeline, clip, width, height }: CertificateInput): CertificateEntry[] {
  const apart = Math.abs(clip.videoSeconds - clip.audioSeconds);
  // An encoder of sound works in blocks, and the last one may hang over.
  const most = Math.max(1 / rateValue(timeline.rate), 1024 / clipSampleRate);
  return [
    entry(
      'frame_count',
      'Frames in the file',
      clip.frameCount,
      'frames',
      `exactly ${timeline.frameCount}`,
      clip.frameCount === timeline.frameCount,
    ),
    entry('frame_width', 'Width of the picture', clip.width, 'px', `exactly ${width}`, clip.width === width),
    entry('frame_height', 'Height of the picture', clip.height, 'px', `exactly ${height}`, clip.height === height),
    entry('duration', 'Length of the picture', round(clip.videoSeconds, 3), 's', null, true),
    entry(
      'audio_video_difference',
      'Difference between sound and picture',
      round(apart, 3),
      's',
      `at most ${round(most, 3)}`,
      apart <= most + 1e-3,
    ),
  ];
}

function similarityFacts({ score, scoreTarget: target }: CertificateInput): CertificateEntry[] {
  if (score === null) {
    return [];
  }
  const passed = target === null || score >= target;
  const bound = target === null ? null : `at least ${target}`;
  return [entry('picture_similarity', 'Similarity of the encoded picture, all frames (SSIM)', round(score, 4), '', bound, passed)];
}

function soundFacts({ clip, target, hasAudio }: CertificateInput): CertificateEntry[] {
  const { integratedLufs, truePeakDbtp } = clip.loudness;
  if (!hasAudio || integratedLufs === null) {
    return [entry('silent', 'The source has nothing to hear here; the clip has a silent sound track', 1, '', null, true)];
  }
  const away = Math.abs(integratedLufs - target.integratedLufs);
  return [
    entry('integrated_loudness', 'Integrated loudness', integratedLufs, 'LUFS', `${target.integratedLufs} within 0.5`, away <= 0.5),
    ...(truePeakDbtp === null
      ? []
      : [entry('true_peak', 'True peak', truePeakDbtp, 'dBTP', `at most ${target.truePeakDbtp}`, truePeakDbtp <= target.truePeakDbtp)]),
  ];
}

function entry(name: string, label: string, value: number, unit: string, bound: string | null, passed: boolean): CertificateEntry {
  return { name, label, value, unit, bound, passed };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
