/**
 * Downloads that are made when they are asked for: `GET /api/v1/renditions/:id/exports/:format`, with `otio`, `fcpxml` and `edl` for editing
 * programs, and `zip` with everything of one rendition. They are files, not JSON, and so stand beside the route table.
 */
import { Readable } from 'node:stream';
import type { CoverChoice } from '@carmic/contract';
import type { Context, Middleware } from 'koa';
import { notFound, wrongState } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import { requirePerson } from '../../http/createApp.ts';
import { fileNameOf } from '../../library/content.ts';
import { type StoredObject, StoredObjects } from '../../library/model.ts';
import { contentDisposition } from '../../storage/contentDisposition.ts';
import { segmentsOf } from '../clipEdits.ts';
import { contentOf } from '../content.ts';
import { loadRendition } from '../load.ts';
import { type Cut, planCut } from './cut.ts';
import { buildEdl } from './edl.ts';
import { buildFcpxml } from './fcpxml.ts';
import { buildOtio } from './otio.ts';
import { writeZip, type ZipEntry, zipSize } from './zip.ts';

const path = /^\/api\/v1\/renditions\/([0-9a-f-]{36})\/exports\/(otio|fcpxml|edl|zip)$/;

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

/** Serves the exports and passes everything else on. */
export function createExports(deps: Deps): Middleware {
  return async (context, next) => {
    const match = path.exec(context.path);
    if (!match || context.method !== 'GET') {
      await next();
      return;
    }
    const { workspaceId } = requirePerson(context);
    context.state['route'] = 'exports';
    const found = await deps.db.inWorkspace(workspaceId, async (tx) => {
      const { rendition, clip, video } = await loadRendition(deps, tx, match[1] ?? '');
      if (video.probe === null) {
        throw notFound('cut');
      }
      const segments = await segmentsOf(deps, tx, clip, rendition.editVersion);
      const title = contentOf(deps, clip).title;
      const objects = await deps.db.model(StoredObjects).findAll({ where: { renditionId: rendition.id, state: 'ready' }, transaction: tx });
      return { rendition, title, objects, cover: clip.cover, cut: planCut(title, fileNameOf(deps, video), segments, video.probe) };
    });
    const name = `${found.title} ${found.rendition.aspect.replace(':', 'x')}`;
    const format = match[2] as keyof typeof texts | 'zip';
    context.set('cache-control', 'no-store');
    context.set('content-disposition', contentDisposition(`${name}.${format}`));
    if (format !== 'zip') {
      context.type = texts[format].type;
      context.body = texts[format].build(found.cut);
      return;
    }
    if (found.rendition.state !== 'ready') {
      throw wrongState('This rendition is not ready yet, so there is nothing to pack.');
    }
    sendZip(deps, context, found);
  };
}

interface Packed {
  objects: readonly StoredObject[];
  cover: CoverChoice;
  cut: Cut;
}

function sendZip(deps: Deps, context: Context, { objects, cover, cut }: Packed): void {
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
  context.type = 'application/zip';
  context.length = zipSize(entries);
  context.body = archive;
}
