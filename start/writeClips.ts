import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError, type Clip, type Failure, type Rendition, type Transcript, type Video } from '@carmic/contract';
import { z } from 'zod';
import type { InputVideo } from './checkInputs.ts';
import type { Api } from './api.ts';
import { safeName } from './safeName.ts';
import { describeSystemError } from './startFailure.ts';

export interface WriteClipsOptions {
  api: Api;
  video: Video;
  input: Pick<InputVideo, 'fileName' | 'out'>;
  signal: AbortSignal;
}

export interface WrittenClips {
  /** Clips with at least one finished file. */
  readonly clipCount: number;
  readonly clips: readonly { file: string; score: number; seconds: number; title: string }[];
  readonly firstFailure: Failure | null;
}

const listName = 'clips.json';

/**
 * Downloads the finished renditions of a video into its folder, with captions and cover beside each, and writes `clips.json` last.
 * Every file appears whole under its name or not at all; files of an earlier run that are no longer part of it go.
 */
export async function writeClips({ api, video, input, signal }: WriteClipsOptions): Promise<WrittenClips> {
  const { items } = await api.call('listClips', { params: { id: video.id } }, { signal });
  const transcript = await findTranscript(api, video.id, signal);
  const scratch = join(input.out, `.carmic-${process.pid}`);
  try {
    mkdirSync(scratch, { recursive: true });
    const entries = [];
    const names: string[] = [];
    for (const clip of items) {
      const files = [];
      for (const rendition of clip.renditions.filter((each) => each.state === 'ready' && !each.isWithheld)) {
        files.push(await download(api, clip, rendition, scratch, signal));
      }
      names.push(...files.flatMap(({ file, srt, vtt, cover }) => [file, srt, vtt, cover]).filter((name) => name !== null));
      const first = files[0];
      if (first !== undefined) {
        entries.push(describeClip(clip, transcript, first.file, files));
      }
    }
    const list = {
      version: 1,
      source: describeSource(video, input.fileName),
      transcript: describeTranscript(transcript),
      notices: video.notices,
      clips: entries,
    };
    publish(input.out, scratch, names, list);
    return {
      clipCount: entries.length,
      clips: entries.map((entry) => ({ file: entry.file, score: entry.score.total, seconds: entry.end - entry.start, title: entry.title })),
      firstFailure: items.flatMap((clip) => clip.renditions).find((rendition) => rendition.failure !== null)?.failure ?? null,
    };
  } catch (error) {
    throw describeSystemError(error, input.out, 'The folder for the clips');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function findTranscript(api: Api, videoId: string, signal: AbortSignal): Promise<Transcript | null> {
  try {
    return await api.call('getTranscript', { params: { id: videoId } }, { signal });
  } catch (error) {
    if (error instanceof ApiError && (error.code === 'not_found' || error.code === 'wrong_state')) {
      return null;
    }
    throw error;
  }
}

async function download(api: Api, clip: Clip, rendition: Rendition, scratch: string, signal: AbortSignal) {
  const many = clip.renditions.length > 1 ? `-${rendition.aspect.replace(':', 'x')}` : '';
  const name = `${String(clip.rank).padStart(2, '0')}-${safeName(clip.title, 'clip')}${many}`;
  const { downloadUrl, videoUrl, srtUrl, vttUrl, coverUrl } = rendition.media;
  const wanted = { file: ['mp4', downloadUrl ?? videoUrl], srt: ['srt', srtUrl], vtt: ['vtt', vttUrl], cover: ['jpg', coverUrl] } as const;
  const found: Record<keyof typeof wanted, string | null> = { file: null, srt: null, vtt: null, cover: null };
  for (const key of ['file', 'srt', 'vtt', 'cover'] as const) {
    const [ending, url] = wanted[key];
    if (url !== null) {
      found[key] = `${name}.${ending}`;
      await fetchInto(api, url, join(scratch, found[key]), signal);
    }
  }
  if (found.file === null) {
    throw new Error(`The finished rendition ${rendition.id} has no address to download from.`);
  }
  return { ...found, file: found.file, rendition };
}

async function fetchInto(api: Api, address: string, path: string, signal: AbortSignal): Promise<void> {
  const url = new URL(address, api.baseUrl);
  // Signed addresses of a foreign store carry their own right; ours also takes the session.
  const headers: Record<string, string> = url.origin === new URL(api.baseUrl).origin ? { authorization: api.authorization } : {};
  const response = await fetch(url, { headers, signal });
  if (!response.ok || response.body === null) {
    throw new ApiError(response.status, 'unavailable', `A finished clip could not be downloaded (${response.status}).`);
  }
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path, { flags: 'wx' }));
}

type Downloaded = Awaited<ReturnType<typeof download>>;

function describeClip(clip: Clip, transcript: Transcript | null, file: string, files: readonly Downloaded[]) {
  const words = (transcript?.words ?? []).filter((word) => word.endSeconds > clip.startSeconds && word.startSeconds < clip.endSeconds);
  return {
    file,
    rank: clip.rank,
    start: clip.startSeconds,
    end: clip.endSeconds,
    score: { total: clip.score, parts: clip.scoreParts },
    title: clip.title,
    tags: clip.tags,
    excerpt: clip.excerpt,
    words: words.map((word) => ({ text: word.text, start: word.startSeconds, end: word.endSeconds })),
    renditions: files.map(({ file: name, srt, vtt, cover, rendition }) => ({
      file: name,
      srt,
      vtt,
      cover,
      aspect: rendition.aspect,
      width: rendition.width,
      height: rendition.height,
      durationSeconds: rendition.durationSeconds,
      layout: rendition.layout,
      layoutReason: rendition.layoutReason,
      encoder: rendition.encoder,
      encoderReason: rendition.encoderReason,
    })),
    certificates: files.map(({ file: name, rendition }) => ({ file: name, entries: rendition.certificate })),
  };
}

function describeSource(video: Video, fileName: string) {
  return { file: fileName, videoId: video.id, title: video.title, probe: video.probe };
}

function describeTranscript(transcript: Transcript | null) {
  return transcript === null ? null : { language: transcript.language, engine: transcript.engine, wordCount: transcript.words.length };
}

/** Moves everything in place, the list last, and removes what only the list of an earlier run named. */
function publish(out: string, scratch: string, names: readonly string[], list: object): void {
  const earlier = readEarlierNames(join(out, listName));
  for (const name of names) {
    renameSync(join(scratch, name), join(out, name));
  }
  writeFileSync(join(scratch, listName), `${JSON.stringify(list, null, 2)}\n`);
  renameSync(join(scratch, listName), join(out, listName));
  for (const name of earlier.filter((each) => !names.includes(each))) {
    rmSync(join(out, name), { force: true });
  }
}

const earlierSchema = z.object({
  clips: z.array(
    z.object({
      renditions: z.array(
        z.object({ file: z.string(), srt: z.string().nullable(), vtt: z.string().nullable(), cover: z.string().nullable() }),
      ),
    }),
  ),
});

/** Files that an earlier run wrote here. Only names of our own form count: the list may have been edited by anybody. */
function readEarlierNames(path: string): string[] {
  if (!existsSync(path)) {
    return [];
  }
  try {
    const { clips } = earlierSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return clips
      .flatMap((clip) => clip.renditions.flatMap(({ file, srt, vtt, cover }) => [file, srt, vtt, cover]))
      .filter((name) => name !== null)
      .filter((name) => /^\d{2,}-[^/\\]+\.(mp4|srt|vtt|jpg)$/.test(name));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      return [];
    }
    throw error;
  }
}
