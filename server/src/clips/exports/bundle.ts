/**
 * One ZIP with everything of several renditions of a video, written while it is read. The link to it is a sealed value: nobody can make or alter
 * one, none is stored. What is in the ZIP is looked up when the link is opened, so that what was withheld, deleted or taken away meanwhile is
 * not given out; it is named in `manifest.json`. Keeps: S4.
 */
import { Readable } from 'node:stream';
import type { Bundle, LeftOut, LeftOutReason } from '@carmic/contract';
import { z } from 'zod';
import { addSeconds } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { FileAnswer, Person } from '../../http/request.ts';
import { fileNameOf, titleOf } from '../../library/content.ts';
import { loadVideo } from '../../library/load.ts';
import { type StoredObject, StoredObjects, type Video } from '../../library/model.ts';
import { findStandings, isWithheld } from '../../understanding/safety/clipStandings.ts';
import { segmentsOf } from '../clipEdits.ts';
import { contentOf } from '../content.ts';
import { type ClipRow, Clips, type RenditionRow, Renditions } from '../model.ts';
import { groupBy } from '../present.ts';
import { clipFiles, textEntry } from './clipFiles.ts';
import { planCut } from './cut.ts';
import { createUniqueNames, safeName } from './safeName.ts';
import { writeZip, type ZipEntry, zipSize } from './zip.ts';

const validSeconds = 600;
const context = 'clips.bundle';

const grantSchema = z.object({
  workspaceId: z.uuid(),
  userId: z.uuid(),
  videoId: z.uuid(),
  renditionIds: z.array(z.uuid()),
  expiresAt: z.number(),
});
type Grant = z.infer<typeof grantSchema>;

const gone = () => new AppError('gone', 'This link does not exist or has expired: make a new one on the page of the video.');

/** A link to the ZIP, with what will be in it and what is left out. Throws not_found for a video of somebody else. */
export async function createBundle(deps: Deps, person: Person, videoId: string, renditionIds: readonly string[]): Promise<Bundle> {
  const { workspaceId, userId } = person;
  const { entries, leftOut } = await prepareBundle(deps, { workspaceId, videoId, renditionIds });
  const expiresAt = addSeconds(deps.clock.now(), validSeconds);
  const grant: Grant = { workspaceId, userId, videoId, renditionIds: [...new Set(renditionIds)], expiresAt: expiresAt.getTime() };
  return {
    url: `/api/v1/bundle-files?token=${sealGrant(deps, grant)}`,
    expiresAt: expiresAt.toISOString(),
    sizeBytes: zipSize(entries),
    entries: entries.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    leftOut,
  };
}

/** The ZIP of a link. Throws gone for a link that is none, or whose time is over, or of somebody who may not see the video any more. */
export async function openBundle(deps: Deps, token: string): Promise<FileAnswer> {
  const grant = openGrant(deps, token);
  if (grant === null || grant.expiresAt <= deps.clock.now().getTime() || !(await isMember(deps, grant))) {
    throw gone();
  }
  const { title, entries } = await prepareBundle(deps, grant);
  const body = Readable.from(writeZip(entries), { objectMode: false });
  body.once('error', (error) => deps.log.warn({ err: error }, 'an archive ended early'));
  return { name: `${safeName(title)}.zip`, type: 'application/zip', body, sizeBytes: zipSize(entries) };
}

/** Numbers are written as bytes: a hundred of them stay within what proxies take as an address. */
function sealGrant({ sealer }: Deps, grant: Grant): string {
  const ids = Buffer.from(grant.renditionIds.join('').replaceAll('-', ''), 'hex').toString('base64');
  return sealer.seal(context, JSON.stringify({ ...grant, renditionIds: ids })).toString('base64url');
}

function openGrant({ sealer }: Deps, token: string): Grant | null {
  try {
    const read = z.looseObject({ renditionIds: z.string() }).parse(JSON.parse(sealer.open(context, Buffer.from(token, 'base64url'))));
    const hex = Buffer.from(read.renditionIds, 'base64').toString('hex');
    const renditionIds = (hex.match(/.{32}/g) ?? []).map((id) => id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
    return grantSchema.parse({ ...read, renditionIds });
  } catch {
    // Made up, altered, or sealed under a key that is gone: all the same to whoever holds it.
    return null;
  }
}

async function isMember({ db }: Deps, { workspaceId, userId }: Grant): Promise<boolean> {
  const rows = await db.systemRows(
    `SELECT 1 FROM members m JOIN workspaces w ON w.id = m.workspace_id AND w.deleted_at IS NULL AND w.suspended_at IS NULL
       JOIN users u ON u.id = m.user_id AND u.suspended_at IS NULL
     WHERE m.workspace_id = :workspaceId AND m.user_id = :userId`,
    { workspaceId, userId },
  );
  return rows.length > 0;
}

interface BundleWish {
  workspaceId: string;
  videoId: string;
  renditionIds: readonly string[];
}

interface PreparedBundle {
  title: string;
  entries: ZipEntry[];
  leftOut: LeftOut[];
}

/** Reads everything but the files' bytes. */
function prepareBundle(deps: Deps, { workspaceId, videoId, renditionIds }: BundleWish): Promise<PreparedBundle> {
  return deps.db.inWorkspace(workspaceId, async (tx) => {
    const video = await loadVideo(deps, tx, videoId);
    const { packed, leftOut } = await sortOut(deps, tx, video, renditionIds);
    const uniqueName = createUniqueNames();
    const title = titleOf(deps, video);
    const files: ZipEntry[] = [];
    const listed: { folder: string; title: string; tags: string[]; aspect: string; captionStyle: string; captionLanguage: string | null; files: string[] }[] = [];
    for (const { rendition, clip, objects } of packed) {
      const content = contentOf(deps, clip);
      const segments = await segmentsOf(deps, tx, clip, rendition.editVersion);
      const folder = uniqueName(folderName(clip, rendition, content.title));
      const cut = video.probe === null ? null : planCut(content.title, fileNameOf(deps, video), segments, video.probe);
      const own = cut === null ? [] : clipFiles(deps, { objects, cover: clip.cover, cut, content }, `${folder}/`);
      const { aspect, captionStyle, captionLanguage } = rendition;
      listed.push({ folder, title: content.title, tags: content.tags, aspect, captionStyle, captionLanguage, files: own.map(({ name }) => name.slice(folder.length + 1)) });
      files.push(...own);
    }
    const manifest = { video: title, madeAt: deps.clock.now().toISOString(), clips: listed, leftOut: leftOut.map((each) => ({ ...each, because: because[each.reason] })) };
    return { title, entries: [...files, textEntry('manifest.json', `${JSON.stringify(manifest, null, 1)}\n`, deps.clock.now())], leftOut };
  });
}

const because: Record<LeftOutReason, string> = {
  withheld: 'What this clip holds waits for a review by a person, or was refused.',
  not_ready: 'It is not rendered yet, or could not be rendered.',
  gone: 'It is not there any more.',
};

interface Packable {
  rendition: RenditionRow;
  clip: ClipRow;
  objects: StoredObject[];
}

/** Why a rendition is left out; null when it is not. Files that are being deleted are none. */
function reasonAgainst({ state }: RenditionRow, objects: readonly StoredObject[], withheld: boolean): LeftOutReason | null {
  if (withheld) {
    return 'withheld';
  }
  if (state !== 'ready') {
    return 'not_ready';
  }
  return objects.some(({ kind }) => kind === 'video') ? null : 'gone';
}

/** What can be packed, in the order of the clips, and what cannot. */
async function sortOut(deps: Deps, tx: Tx, video: Video, renditionIds: readonly string[]) {
  const where = { id: [...new Set(renditionIds)], videoId: video.id };
  const renditions = await deps.db.model(Renditions).findAll({ where, order: ['createdAt', 'id'], transaction: tx });
  const clips = await deps.db.model(Clips).findAll({ where: { id: renditions.map(({ clipId }) => clipId) }, order: ['rank', 'id'], transaction: tx });
  const standings = await findStandings(deps, tx, clips.map(({ id }) => id));
  const stored = await deps.db.model(StoredObjects).findAll({ where: { renditionId: renditions.map(({ id }) => id), state: 'ready' }, order: ['createdAt', 'id'], transaction: tx });
  const ofClip = groupBy(renditions, ({ clipId }) => clipId);
  const ofRendition = groupBy(stored, ({ renditionId }) => renditionId ?? '');
  const packed: Packable[] = [];
  const leftOut: LeftOut[] = [];
  for (const clip of clips) {
    for (const rendition of ofClip.get(clip.id) ?? []) {
      const objects = ofRendition.get(rendition.id) ?? [];
      const reason = reasonAgainst(rendition, objects, isWithheld(standings.get(clip.id), rendition.editVersion));
      if (reason === null) {
        packed.push({ rendition, clip, objects });
      } else {
        leftOut.push({ renditionId: rendition.id, clipTitle: contentOf(deps, clip).title, reason });
      }
    }
  }
  const known = new Set(renditions.map(({ id }) => id));
  leftOut.push(...where.id.filter((id) => !known.has(id)).map((renditionId) => ({ renditionId, clipTitle: null, reason: 'gone' as const })));
  return { packed, leftOut };
}

/** `03 Four hundred books 9x16 karaoke de`. */
function folderName(clip: ClipRow, { aspect, captionStyle, captionLanguage }: RenditionRow, title: string): string {
  const rank = String(clip.rank).padStart(2, '0');
  const form = [aspect.replace(':', 'x'), ...(captionStyle === 'none' ? [] : [captionStyle]), ...(captionLanguage === null ? [] : [captionLanguage])].join(' ');
  return `${safeName(`${rank} ${title}`)} ${safeName(form)}`;
}
