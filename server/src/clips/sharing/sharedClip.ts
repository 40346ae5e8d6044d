/**
 * A clip as somebody without an account sees it by a link. The link's secret is the proof: it is looked up by its hash, and a link that was never
 * made, has expired, was taken back, or whose clip, video or workspace is gone or suspended answers the same. Files are given out by URLs that
 * work for an hour, and never of a clip that waits for a review of its safety.
 */
import type { ClipLinkKind, Rendition, RouteInput, SharedClip, SharedVersion, SharedVisit } from '@carmic/contract';
import { verifyPassword } from '../../accounts/passwords.ts';
import { hashSecret } from '../../core/crypto.ts';
import { AppError, conflict, forbidden } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { loadClip } from '../load.ts';
import type { ClipRow } from '../model.ts';
import { presentOneClip } from '../present.ts';
import { commentColumns, type CommentRow, presentComment } from './links.ts';

/** Comments that one link takes. */
const maxCommentsPerLink = 500;

interface OpenLink {
  id: string;
  workspace_id: string;
  clip_id: string;
  kind: ClipLinkKind;
  password_hash: string | null;
  can_download: boolean;
  expires_at: Date;
}

const gone = () => new AppError('gone', 'This link does not exist, has expired or was taken back: ask whoever gave it to you for a new one.');

async function findLink({ db, clock }: Deps, token: string): Promise<OpenLink | null> {
  const [row] = await db.systemRows<OpenLink>(
    `SELECT l.id, l.workspace_id, l.clip_id, l.kind, l.password_hash, l.can_download, l.expires_at FROM clip_links l
     JOIN workspaces w ON w.id = l.workspace_id AND w.deleted_at IS NULL AND w.suspended_at IS NULL
     WHERE l.token_hash = :hash AND l.expires_at > :now`,
    { hash: hashSecret(token), now: clock.now() },
  );
  return row ?? null;
}

/** The open link of a secret; null while its password is missing. A password costs the same work whether or not there is such a link. */
async function enter(deps: Deps, { linkToken, password }: { linkToken: string; password?: string | undefined }): Promise<OpenLink | null> {
  const link = await findLink(deps, linkToken);
  const isRight = password !== undefined && (await verifyPassword(link?.password_hash ?? null, password));
  if (link === null) {
    throw gone();
  }
  if (link.password_hash === null || isRight) {
    return link;
  }
  if (password !== undefined) {
    throw forbidden('This password is not right.');
  }
  return null;
}

/** What a link leads to, or that it wants a password. */
export async function openSharedClip(deps: Deps, body: RouteInput<'openSharedClip'>['body']): Promise<SharedVisit> {
  const link = await enter(deps, body);
  return link === null
    ? { state: 'password_needed' }
    : { state: 'open', clip: await withClip(deps, link, (tx, clip) => presentShared(deps, tx, link, clip)) };
}

/** Takes a comment, an approval or a wish for changes. */
export async function addSharedComment(deps: Deps, body: RouteInput<'addSharedComment'>['body']): Promise<SharedClip> {
  const { db, clock, sealer, appendEvent } = deps;
  const link = await enter(deps, body);
  if (link === null) {
    throw forbidden('This link asks for a password.');
  }
  if (link.kind !== 'review') {
    throw forbidden('This link is for watching only.');
  }
  return withClip(deps, link, async (tx, clip) => {
    const said = await db.rows(tx, 'SELECT 1 FROM clip_comments WHERE workspace_id = :workspaceId AND link_id = :linkId', {
      workspaceId: link.workspace_id,
      linkId: link.id,
    });
    if (said.length >= maxCommentsPerLink) {
      throw conflict('This link has taken as many comments as it may: ask for a new one.');
    }
    const id = body.id ?? newId();
    const inserted = await db.change(
      tx,
      `INSERT INTO clip_comments (id, workspace_id, clip_id, link_id, kind, at_seconds, name_sealed, text_sealed, edit_version, created_at)
       VALUES (:id, :workspaceId, :clipId, :linkId, :kind, :atSeconds, :name, :text, :editVersion, :now)
       ON CONFLICT DO NOTHING`,
      {
        id,
        workspaceId: link.workspace_id,
        clipId: clip.id,
        linkId: link.id,
        kind: body.kind,
        atSeconds: body.atSeconds,
        name: sealer.seal(`clip_comments.name:${id}`, body.name),
        text: sealer.seal(`clip_comments.text:${id}`, body.text),
        editVersion: clip.editVersion,
        now: clock.now(),
      },
    );
    if (inserted === 0) {
      await requireOwnComment(deps, tx, link, id);
      return presentShared(deps, tx, link, clip);
    }
    await appendEvent(tx, {
      workspaceId: link.workspace_id,
      type: 'clip.commented',
      videoId: clip.videoId,
      subjectId: clip.id,
      data: { commentId: id, linkId: link.id, kind: body.kind },
    });
    return presentShared(deps, tx, link, clip);
  });
}

/** A comment that is sent once more, because its answer was lost, is there already: said through the same link. */
async function requireOwnComment({ db }: Deps, tx: Tx, link: OpenLink, id: string): Promise<void> {
  const own = await db.rows(tx, 'SELECT 1 FROM clip_comments WHERE workspace_id = :workspaceId AND link_id = :linkId AND id = :id', {
    workspaceId: link.workspace_id,
    linkId: link.id,
    id,
  });
  if (own.length === 0) {
    throw conflict('This id belongs to another comment: choose a new one.');
  }
}

/** Works in the link's workspace with the link held, so that nothing is said through one that was taken back meanwhile. */
function withClip<T>(deps: Deps, link: OpenLink, work: (tx: Tx, clip: ClipRow) => Promise<T>): Promise<T> {
  return deps.db.inWorkspace(link.workspace_id, async (tx) => {
    const held = await deps.db.rows(tx, 'SELECT 1 FROM clip_links WHERE workspace_id = :workspaceId AND id = :id FOR SHARE', {
      workspaceId: link.workspace_id,
      id: link.id,
    });
    const found = held.length === 0 ? null : await loadClip(deps, tx, link.clip_id).catch(orGone);
    if (found === null || found.clip.state === 'discarded') {
      throw gone();
    }
    return work(tx, found.clip);
  });
}

function orGone(error: unknown): null {
  if (error instanceof AppError && error.code === 'not_found') {
    return null;
  }
  throw error;
}

async function presentShared(deps: Deps, tx: Tx, link: OpenLink, row: ClipRow): Promise<SharedClip> {
  const clip = await presentOneClip(deps, tx, row);
  const comments = await deps.db.rows<CommentRow>(
    tx,
    `SELECT ${commentColumns} FROM clip_comments WHERE workspace_id = :workspaceId AND link_id = :linkId ORDER BY created_at, id`,
    { workspaceId: link.workspace_id, linkId: link.id },
  );
  const ownEnd = link.expires_at.toISOString();
  const isCurrent = clip.renditions.some((rendition) => isPlayable(rendition) && rendition.editVersion === clip.editVersion);
  return {
    title: clip.title,
    kind: link.kind,
    expiresAt: clip.expiresAt !== null && clip.expiresAt < ownEnd ? clip.expiresAt : ownEnd,
    durationSeconds: clip.durationSeconds,
    versions: newestOfEach(
      clip.renditions.filter((rendition) => isPlayable(rendition) && (!isCurrent || rendition.editVersion === clip.editVersion)),
    ).flatMap((rendition) => presentVersion(rendition, link.can_download)),
    comments: comments.map((comment) => presentComment(deps, comment)),
  };
}

const isPlayable = ({ state, isWithheld, media }: Rendition) => state === 'ready' && !isWithheld && media.videoUrl !== null;

/** One rendition per shape and caption language: the newest, as the console shows them. */
function newestOfEach(renditions: readonly Rendition[]): Rendition[] {
  return [...new Map(renditions.map((rendition) => [`${rendition.aspect} ${rendition.captionLanguage ?? ''}`, rendition])).values()];
}

function presentVersion({ media, ...rendition }: Rendition, canDownload: boolean): SharedVersion[] {
  if (media.videoUrl === null) {
    return [];
  }
  const { id, aspect, width, height, captionLanguage } = rendition;
  return [
    {
      ...{ id, aspect, width, height, captionLanguage },
      videoUrl: media.videoUrl,
      coverUrl: media.coverUrl,
      downloadUrl: canDownload ? media.downloadUrl : null,
    },
  ];
}
