/**
 * What a brand puts around and over a clip: opens the files of logo, intro and outro, looks at them, and counts their frames.
 *
 * They are strangers' files like the source: sniffed, probed, held to limits, and read through the source server.
 */
import { type Asset, type LogoPlace, longestBumperSeconds, type RenderSpec } from '@carmic/contract';
import { probeSource } from '../media/probe.ts';
import { type PictureFormat, sniffBytes, sniffContainer, sniffPicture } from '../media/sniff.ts';
import type { Source } from '../media/sourceServer.ts';
import type { TaskContext } from '../media/task.ts';
import { TaskFailure } from '../media/taskFailure.ts';
import type { RenderInput } from './renderInput.ts';
import { rateValue, type Timeline } from './timeline.ts';

/** An intro or outro, ready for a command line. */
export interface Bumper {
  input: RenderInput;
  /** On the clip's frame grid. */
  frames: number;
  isStill: boolean;
  hasAudio: boolean;
  isHdr: boolean;
  isInterlaced: boolean;
}

export interface Logo {
  input: RenderInput;
  place: LogoPlace;
}

/** Everything of a brand that one clip shows. */
export interface ClipBranding {
  logo: Logo | null;
  intro: Bumper | null;
  outro: Bumper | null;
}

export const noBranding: ClipBranding = { logo: null, intro: null, outro: null };

const stillSeconds = 3;
const framePixels = 40_000_000;
/** Read at once, while its URL is sure to work, and kept in memory until it was used; the server takes much smaller ones only. */
const mostBytes = 48 * 1024 * 1024;

/** Opens the files of a brand; `opened` gets them, so that they are closed whatever happens. Throws TaskFailure of their inspection. */
export async function openBranding(spec: RenderSpec, timeline: Timeline, context: TaskContext, opened: Source[]): Promise<ClipBranding> {
  const { branding } = spec;
  if (branding === undefined) {
    return noBranding;
  }
  const open = async (asset: Asset) => {
    if (asset.sizeBytes > mostBytes) {
      const megabytes = (bytes: number) => Math.ceil(bytes / 1024 / 1024);
      throw new TaskFailure('too_large', `It has ${megabytes(asset.sizeBytes)} MB; at most ${megabytes(mostBytes)} MB are allowed.`);
    }
    const source = context.openSource(asset);
    opened.push(source);
    await source.readSpan(0, source.sizeBytes);
    return source;
  };
  const bumper = async (wish: NonNullable<typeof branding.intro> | undefined, name: string) =>
    wish === undefined ? null : named(name, async () => openBumper(await open(wish.file), wish.durationSeconds, timeline, context));
  const { logo } = branding;
  return {
    logo:
      logo === undefined
        ? null
        : await named('logo', async () => {
            const source = await open(logo.file);
            return { input: pictureInput(source, await headOf(source)), place: logo };
          }),
    intro: await bumper(branding.intro, 'intro'),
    outro: await bumper(branding.outro, 'outro'),
  };
}

/** Says of which file a failure speaks. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TaskFailure && error.code !== 'storage_failed') {
      throw new TaskFailure(error.code, `The ${name} of the brand cannot be used. ${error.message}`, {
        isRetryable: error.isRetryable,
        cause: error,
      });
    }
    throw error;
  }
}

function headOf(source: Source): Promise<Buffer> {
  return source.readSpan(0, Math.min(sniffBytes, source.sizeBytes));
}

function pictureInput(source: Source, head: Buffer): RenderInput {
  const format = sniffPicture(head);
  if (format === null) {
    throw new TaskFailure('not_a_video', 'It is neither a PNG nor a JPEG picture.');
  }
  return { container: format, sourceUrl: source.localUrl, framePixels };
}

async function openBumper(source: Source, wanted: number | null, timeline: Timeline, context: TaskContext): Promise<Bumper> {
  const perSecond = rateValue(timeline.rate);
  const head = await headOf(source);
  const picture: PictureFormat | null = sniffPicture(head);
  if (picture !== null) {
    const frames = Math.max(1, Math.round((wanted ?? stillSeconds) * perSecond));
    return { input: pictureInput(source, head), frames, isStill: true, hasAudio: false, isHdr: false, isInterlaced: false };
  }
  const { probe } = await probeSource({ ...context, source }, { durationSeconds: 24 * 3600, framePixels });
  const seconds = Math.min(probe.durationSeconds, wanted ?? longestBumperSeconds, longestBumperSeconds);
  return {
    input: { container: sniffContainer(head), sourceUrl: source.localUrl, framePixels },
    frames: Math.max(1, Math.round(seconds * perSecond)),
    isStill: false,
    hasAudio: probe.audioCodec !== null,
    isHdr: probe.isHdr,
    isInterlaced: probe.isInterlaced ?? false,
  };
}

/** The clip's time line behind its intro: what is said and shown in it begins later. */
export function behindIntro(timeline: Timeline, { intro }: ClipBranding): Timeline {
  const frames = intro?.frames ?? 0;
  const seconds = frames / rateValue(timeline.rate);
  return {
    ...timeline,
    segments: timeline.segments.map((segment) => ({
      ...segment,
      outFrame: segment.outFrame + frames,
      outSeconds: segment.outSeconds + seconds,
    })),
    frameCount: timeline.frameCount + frames,
    durationSeconds: timeline.durationSeconds + seconds,
  };
}
