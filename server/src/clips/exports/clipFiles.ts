/** What is packed of one rendition: its stored files, its cut for editing programs, and what to write beside it. */
import { Readable } from 'node:stream';
import type { Clip, CoverChoice } from '@carmic/contract';
import type { Deps } from '../../deps.ts';
import type { StoredObject } from '../../library/model.ts';
import type { ClipContent } from '../content.ts';
import { buildPosts } from '../posts.ts';
import type { Cut } from './cut.ts';
import { buildEdl } from './edl.ts';
import { buildFcpxml } from './fcpxml.ts';
import { buildOtio } from './otio.ts';
import type { ZipEntry } from './zip.ts';

/** A cut as each editing program takes it. */
export const cutFormats = {
  otio: { build: buildOtio, type: 'application/json; charset=utf-8' },
  fcpxml: { build: buildFcpxml, type: 'application/xml; charset=utf-8' },
  edl: { build: buildEdl, type: 'text/plain; charset=utf-8' },
} as const;

const covers = ['cover', 'cover2', 'cover3'] as const;

/** Names of the files; the cover that was chosen is `cover.jpg`. */
const fileNames: Partial<Record<StoredObject['kind'], string>> = {
  video: 'clip.mp4',
  cover: 'cover.jpg',
  cover2: 'cover-2.jpg',
  cover3: 'cover-3.jpg',
  srt: 'captions.srt',
  vtt: 'captions.vtt',
  ass: 'captions.ass',
  words: 'transcript.json',
};

export interface PackedRendition {
  /** Those that are ready. */
  objects: readonly Pick<StoredObject, 'kind' | 'key' | 'sizeBytes' | 'createdAt'>[];
  cover: CoverChoice;
  cut: Cut;
  content: ClipContent;
}

/** The entries of one rendition, each name behind `folder`. Stored files are opened when their turn comes. */
export function clipFiles(deps: Deps, { objects, cover, cut, content }: PackedRendition, folder = ''): ZipEntry[] {
  const now = deps.clock.now();
  const chosen = covers.filter((kind) => objects.some((object) => object.kind === kind))[cover - 1] ?? 'cover';
  const names = { ...fileNames, [chosen]: fileNames.cover, ...(chosen === 'cover' ? {} : { cover: fileNames[chosen] }) };
  const stored = objects.flatMap((object): ZipEntry[] => {
    const name = names[object.kind];
    const open = async () => (await deps.store.get(object.key)).stream as AsyncIterable<Buffer>;
    return name === undefined ? [] : [{ name: folder + name, sizeBytes: object.sizeBytes, modifiedAt: object.createdAt, open }];
  });
  return [
    ...stored,
    ...Object.entries(cutFormats).map(([format, { build }]) => textEntry(`${folder}cut.${format}`, build(cut), now)),
    textEntry(`${folder}clip.json`, `${JSON.stringify(describeClip(content), null, 1)}\n`, now),
  ];
}

/** What people write beside a clip where they publish it. */
function describeClip({ title, tags, excerpt }: ClipContent): Pick<Clip, 'title' | 'tags' | 'excerpt' | 'posts'> {
  return { title, tags, excerpt, posts: buildPosts({ title, tags, excerpt }) };
}

/** A text as an entry. */
export function textEntry(name: string, text: string, modifiedAt: Date): ZipEntry {
  const bytes = Buffer.from(text);
  return { name, sizeBytes: bytes.length, modifiedAt, open: () => Promise.resolve(Readable.from([bytes])) };
}
