/** Downloads that are made when they are asked for: `otio`, `fcpxml` and `edl` for editing programs, and `zip` with everything of one rendition. */
import { Readable } from 'node:stream';
import type { CoverChoice } from '@carmic/contract';
import { notFound, wrongState } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import { type ApiRequest, personOf } from '../../http/request.ts';
import { fileNameOf } from '../../library/content.ts';
import { type StoredObject, StoredObjects } from '../../library/model.ts';
import { findStandings, isWithheld } from '../../understanding/safety/clipStandings.ts';
import { segmentsOf } from '../clipEdits.ts';
import { contentOf } from '../content.ts';
import { loadRendition } from '../load.ts';
import { type Cut, planCut } from './cut.ts';
import { buildEdl } from './edl.ts';
import { buildFcpxml } from './fcpxml.ts';
import { buildOtio } from './otio.ts';
import { writeZip, type ZipEntry, zipSize } from './zip.ts';

const texts = {
  otio: { build: buildOtio, type: 'application/json; charset=utf-8' },
  fcpxml: { build: buildFcpxml, type: 'application/xml; charset=utf-8' },
  edl: { build: buildEdl, type: 'text/plain; charset=utf-8' },
} as const;

const covers = ['cover', 'cover2', 'cover3'] as const;

/** Names of a rendition's files inside the ZIP; the cover that was chosen is `cover.jpg`. */
const entryNames: Partial<Record<StoredObject['kind'], string>> = {
  video: 'clip.mp4',
  cover: 'cover.jpg',
  cover2: 'cover-2.jpg',
  cover3: 'cover-3.jpg',
  srt: 'captions.srt',
  vtt: 'captions.vtt',
  ass: 'captions.ass',
  words: 'transcript.json',
};

/** Answers one export. */
export async function sendExport(request: ApiRequest<'getExport'>): Promise<undefined> {
  const { deps } = request;
  const { id, format } = request.params;
  const found = await deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
    const { rendition, clip, video } = await loadRendition(deps, tx, id);
    if (video.probe === null) {
      throw notFound('cut');
    }
    if (isWithheld((await findStandings(deps, tx, [clip.id])).get(clip.id), rendition.editVersion)) {
      throw wrongState('What this clip holds waits for a review by a person, or was refused: its files are not given out.');
    }
    const segments = await segmentsOf(deps, tx, clip, rendition.editVersion);
    const title = contentOf(deps, clip).title;
    const objects = await deps.db.model(StoredObjects).findAll({ where: { renditionId: rendition.id, state: 'ready' }, transaction: tx });
    return { rendition, title, objects, cover: clip.cover, cut: planCut(title, fileNameOf(deps, video), segments, video.probe) };
  });
  const name = `${found.title} ${found.rendition.aspect.replace(':', 'x')}.${format}`;
  if (format !== 'zip') {
    request.sendFile({ name, type: texts[format].type, body: texts[format].build(found.cut) });
    return;
  }
  if (found.rendition.state !== 'ready') {
    throw wrongState('This rendition is not ready yet, so there is nothing to pack.');
  }
  request.sendFile({ name, type: 'application/zip', ...buildZip(deps, found) });
}

interface Packed {
  objects: readonly StoredObject[];
  cover: CoverChoice;
  cut: Cut;
}

function buildZip(deps: Deps, { objects, cover, cut }: Packed): { body: Readable; sizeBytes: number } {
  const now = deps.clock.now();
  const chosen = covers.filter((kind) => objects.some((object) => object.kind === kind))[cover - 1] ?? 'cover';
  const names = { ...entryNames, [chosen]: entryNames.cover, ...(chosen === 'cover' ? {} : { cover: entryNames[chosen] }) };
  const entries: ZipEntry[] = objects.flatMap((object) => {
    const name = names[object.kind];
    const open = async () => (await deps.store.get(object.key)).stream as AsyncIterable<Buffer>;
    return name === undefined ? [] : [{ name, sizeBytes: object.sizeBytes, modifiedAt: object.createdAt, open }];
  });
  for (const [format, { build }] of Object.entries(texts)) {
    const bytes = Buffer.from(build(cut));
    entries.push({ name: `cut.${format}`, sizeBytes: bytes.length, modifiedAt: now, open: () => Promise.resolve(Readable.from([bytes])) });
  }
  const archive = Readable.from(writeZip(entries), { objectMode: false });
  archive.once('error', (error) => deps.log.warn({ err: error }, 'an archive ended early'));
  return { body: archive, sizeBytes: zipSize(entries) };
}
