/** Downloads that are made when they are asked for: `otio`, `fcpxml` and `edl` for editing programs, and `zip` with everything of one rendition. */
import { Readable } from 'node:stream';
import { notFound, wrongState } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import { type ApiRequest, personOf } from '../../http/request.ts';
import { fileNameOf } from '../../library/content.ts';
import { StoredObjects } from '../../library/model.ts';
import { findStandings, isWithheld } from '../../understanding/safety/clipStandings.ts';
import { segmentsOf } from '../clipEdits.ts';
import { contentOf } from '../content.ts';
import { loadRendition } from '../load.ts';
import { clipFiles, cutFormats } from './clipFiles.ts';
import { planCut } from './cut.ts';
import { writeZip, type ZipEntry, zipSize } from './zip.ts';

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
    const content = contentOf(deps, clip);
    const { title } = content;
    const objects = await deps.db.model(StoredObjects).findAll({ where: { renditionId: rendition.id, state: 'ready' }, transaction: tx });
    return { rendition, content, objects, cover: clip.cover, cut: planCut(title, fileNameOf(deps, video), segments, video.probe) };
  });
  const name = `${found.content.title} ${found.rendition.aspect.replace(':', 'x')}.${format}`;
  if (format !== 'zip') {
    request.sendFile({ name, type: cutFormats[format].type, body: cutFormats[format].build(found.cut) });
    return;
  }
  if (found.rendition.state !== 'ready') {
    throw wrongState('This rendition is not ready yet, so there is nothing to pack.');
  }
  request.sendFile({ name, type: 'application/zip', ...buildZip(deps, clipFiles(deps, found)) });
}

function buildZip(deps: Deps, entries: readonly ZipEntry[]): { body: Readable; sizeBytes: number } {
  const archive = Readable.from(writeZip(entries), { objectMode: false });
  archive.once('error', (error) => deps.log.warn({ err: error }, 'an archive ended early'));
  return { body: archive, sizeBytes: zipSize(entries) };
}
