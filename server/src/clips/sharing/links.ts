/** Links to a clip for people without an account, as the clip's workspace keeps them. Of a link's secret and its password only hashes are stored. */
import type { ClipComment, ClipCommentKind, ClipLink, ClipLinkKind, RouteInput } from '@carmic/contract';
import { hashPassword } from '../../accounts/passwords.ts';
import { addSeconds } from '../../core/clock.ts';
import { hashSecret } from '../../core/crypto.ts';
import { conflict, notFound } from '../../core/errors.ts';
import { newId, newSecret } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { Person } from '../../http/request.ts';
import { loadVideo } from '../../library/load.ts';
import { loadClip } from '../load.ts';

/** Links of one clip that are open at a time. */
const maxLinksPerClip = 50;
const daySeconds = 24 * 3600;

interface LinkRow {
  id: string;
  clip_id: string;
  kind: ClipLinkKind;
  has_password: boolean;
  can_download: boolean;
  created_at: Date;
  expires_at: Date;
}
export interface CommentRow {
  id: string;
  clip_id: string;
  kind: ClipCommentKind;
  at_seconds: number | null;
  name_sealed: Buffer;
  text_sealed: Buffer;
  edit_version: number;
  is_done: boolean;
  created_at: Date;
}

const linkColumns = 'id, clip_id, kind, password_hash IS NOT NULL AS has_password, can_download, created_at, expires_at';

/** The columns of a comment, for whoever reads some. */
export const commentColumns = 'id, clip_id, kind, at_seconds, name_sealed, text_sealed, edit_version, is_done, created_at';

const presentLink = (row: LinkRow): ClipLink => ({
  id: row.id,
  clipId: row.clip_id,
  kind: row.kind,
  hasPassword: row.has_password,
  canDownload: row.can_download,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
});

/** A comment in the clear. */
export const presentComment = ({ sealer }: Deps, row: CommentRow): ClipComment => ({
  id: row.id,
  clipId: row.clip_id,
  kind: row.kind,
  atSeconds: row.at_seconds,
  name: sealer.open(`clip_comments.name:${row.id}`, row.name_sealed),
  text: sealer.open(`clip_comments.text:${row.id}`, row.text_sealed),
  editVersion: row.edit_version,
  isDone: row.is_done,
  createdAt: row.created_at.toISOString(),
});

/** Links to the clips of a video, expired ones too, and what was said through them. */
export function listReviews(deps: Deps, person: Person, videoId: string): Promise<{ links: ClipLink[]; comments: ClipComment[] }> {
  const { db } = deps;
  const { workspaceId } = person;
  return db.inWorkspace(workspaceId, async (tx) => {
    await loadVideo(deps, tx, videoId);
    const ofVideo = 'workspace_id = :workspaceId AND clip_id IN (SELECT id FROM clips WHERE workspace_id = :workspaceId AND video_id = :videoId)';
    const links = await db.rows<LinkRow>(tx, `SELECT ${linkColumns} FROM clip_links WHERE ${ofVideo} ORDER BY created_at, id`, {
      workspaceId,
      videoId,
    });
    const comments = await db.rows<CommentRow>(
      tx,
      `SELECT ${commentColumns} FROM clip_comments WHERE ${ofVideo} ORDER BY created_at, id`,
      { workspaceId, videoId },
    );
    return { links: links.map(presentLink), comments: comments.map((row) => presentComment(deps, row)) };
  });
}

/** Makes a link; its secret is answered and never again. */
export async function createClipLink(
  deps: Deps,
  person: Person,
  clipId: string,
  body: RouteInput<'createClipLink'>['body'],
): Promise<{ link: ClipLink; url: string }> {
  const { db, clock, appendEvent } = deps;
  const { workspaceId, userId } = person;
  // Before the transaction, which would hold its connection all the while.
  const passwordHash = body.password === null ? null : await hashPassword(body.password);
  const token = newSecret('carmic_clip');
  const link = await db.inWorkspace(workspaceId, async (tx) => {
    const { clip } = await loadClip(deps, tx, clipId, true);
    const now = clock.now();
    const open = await db.rows(tx, 'SELECT 1 FROM clip_links WHERE workspace_id = :workspaceId AND clip_id = :clipId AND expires_at > :now', {
      workspaceId,
      clipId,
      now,
    });
    if (open.length >= maxLinksPerClip) {
      throw conflict(`This clip has ${maxLinksPerClip} links already: take one back first.`);
    }
    const rows = await db.rows<LinkRow>(
      tx,
      `INSERT INTO clip_links (id, workspace_id, clip_id, kind, token_hash, password_hash, can_download, created_by, created_at, expires_at)
       VALUES (:id, :workspaceId, :clipId, :kind, :tokenHash, :passwordHash, :canDownload, :userId, :now, :expiresAt) RETURNING ${linkColumns}`,
      {
        id: newId(),
        workspaceId,
        clipId,
        kind: body.kind,
        tokenHash: hashSecret(token),
        passwordHash,
        canDownload: body.canDownload,
        userId,
        now,
        expiresAt: addSeconds(now, body.expiresInDays * daySeconds),
      },
    );
    const row = only(rows);
    await appendEvent(tx, {
      workspaceId,
      type: 'clip.link_created',
      videoId: clip.videoId,
      subjectId: clipId,
      actorId: userId,
      data: { linkId: row.id, kind: row.kind, hasPassword: row.has_password, expiresAt: row.expires_at.toISOString() },
    });
    return presentLink(row);
  });
  return { link, url: `${deps.baseUrl()}/#/shared?token=${token}` };
}

/** Takes a link back: whoever opens it is told that it is gone. */
export function deleteClipLink(deps: Deps, { workspaceId, userId }: Person, id: string): Promise<undefined> {
  return deps.db.inWorkspace(workspaceId, async (tx) => {
    const rows = await deps.db.rows<{ clip_id: string }>(
      tx,
      'DELETE FROM clip_links WHERE id = :id AND workspace_id = :workspaceId RETURNING clip_id',
      { id, workspaceId },
    );
    await sayOfClip(deps, tx, rows, { type: 'clip.link_deleted', what: 'link', workspaceId, userId, data: { linkId: id } });
    return undefined;
  });
}

/** Marks a comment as done, or open again. */
export function updateClipComment(deps: Deps, { workspaceId, userId }: Person, id: string, isDone: boolean): Promise<ClipComment> {
  return deps.db.inWorkspace(workspaceId, async (tx) => {
    const rows = await deps.db.rows<CommentRow>(
      tx,
      `UPDATE clip_comments SET is_done = :isDone WHERE id = :id AND workspace_id = :workspaceId RETURNING ${commentColumns}`,
      { id, workspaceId, isDone },
    );
    await sayOfClip(deps, tx, rows, { type: 'clip.comment_changed', what: 'comment', workspaceId, userId, data: { commentId: id, isDone } });
    return presentComment(deps, only(rows));
  });
}

/** Removes a comment for good. */
export function deleteClipComment(deps: Deps, { workspaceId, userId }: Person, id: string): Promise<undefined> {
  return deps.db.inWorkspace(workspaceId, async (tx) => {
    const rows = await deps.db.rows<{ clip_id: string }>(
      tx,
      'DELETE FROM clip_comments WHERE id = :id AND workspace_id = :workspaceId RETURNING clip_id',
      { id, workspaceId },
    );
    await sayOfClip(deps, tx, rows, {
      type: 'clip.comment_changed',
      what: 'comment',
      workspaceId,
      userId,
      data: { commentId: id, isRemoved: true },
    });
    return undefined;
  });
}

interface Said {
  type: 'clip.link_deleted' | 'clip.comment_changed';
  what: string;
  workspaceId: string;
  userId: string;
  data: Record<string, string | boolean>;
}

/** Records what happened to a clip's link or comment. Throws not_found when nothing did, or when the clip is gone. */
async function sayOfClip(deps: Deps, tx: Tx, rows: readonly { clip_id: string }[], { what, userId, ...event }: Said): Promise<void> {
  const [row] = rows;
  if (row === undefined) {
    throw notFound(what);
  }
  const { clip } = await loadClip(deps, tx, row.clip_id);
  await deps.appendEvent(tx, { ...event, videoId: clip.videoId, subjectId: clip.id, actorId: userId });
}

function only<T>([row]: readonly T[]): T {
  if (row === undefined) {
    throw new Error('One row was to be returned.');
  }
  return row;
}
