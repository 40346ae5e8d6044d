/** A page of clips as a person opens it: what benches ask for when they measure other requests. */
import { createWorkspace } from '../../../server/src/accounts/createWorkspace.ts';
import { Members, Users } from '../../../server/src/accounts/model.ts';
import { hashPassword } from '../../../server/src/accounts/passwords.ts';
import { openSession } from '../../../server/src/accounts/sessions.ts';
import { sealContent } from '../../../server/src/clips/content.ts';
import { newId } from '../../../server/src/core/ids.ts';
import type { Deps } from '../../../server/src/deps.ts';
import { sealFileName, sealTitle } from '../../../server/src/library/content.ts';

/** Clips on the page. */
export const clipCount = 10;

/** The password of its owner. */
export const password = 'seven green bottles';

/** Makes a person in a workspace with a video of ten rendered clips. */
export async function seedClipPage(deps: Deps): Promise<{ token: string; workspaceId: string; videoId: string; email: string }> {
  const { db } = deps;
  const [userId, workspaceId, videoId] = [newId(), newId(), newId()];
  const email = `${userId}@example.test`;
  const passwordHash = await hashPassword(password);
  return db.asSystem(async (tx) => {
    await db.model(Users).create({ id: userId, email, name: 'Bench', isAdmin: false, passwordHash }, { transaction: tx });
    await createWorkspace(deps, tx, { id: workspaceId, name: 'Bench' });
    await db.model(Members).create({ workspaceId, userId, role: 'owner' }, { transaction: tx });
    await db.change(
      tx,
      `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options)
       VALUES (:videoId, :workspaceId, :title, :fileName, 1000, 'ready', '{}')`,
      { videoId, workspaceId, title: sealTitle(deps, videoId, 'A talk'), fileName: sealFileName(deps, videoId, 'talk.mp4') },
    );
    for (let rank = 1; rank <= clipCount; rank++) {
      const [clipId, renditionId] = [newId(), newId()];
      const contentSealed = sealContent(deps, clipId, {
        title: `Clip ${rank}`,
        tags: ['harbours', 'growth'],
        scoreParts: [{ name: 'hook', label: 'Opening', points: 20, reason: 'It begins with a question that is answered.' }],
        excerpt: 'What happened in that year? We doubled the number of harbours we could serve.',
        boundaries: [],
      });
      await db.change(
        tx,
        `INSERT INTO clips (id, workspace_id, video_id, state, rank, start_seconds, end_seconds, score, content_sealed, created_at, updated_at)
         VALUES (:clipId, :workspaceId, :videoId, 'suggested', :rank, :rank * 40, :rank * 40 + 30, 80, :contentSealed, now(), now())`,
        { clipId, workspaceId, videoId, rank, contentSealed },
      );
      await db.change(
        tx,
        `INSERT INTO clip_edits (workspace_id, clip_id, version, kind, segments, removed, created_at)
         VALUES (:workspaceId, :clipId, 1, 'suggested', '[{"startSeconds": 0, "endSeconds": 30}]', '[]', now())`,
        { workspaceId, clipId },
      );
      await db.change(
        tx,
        `INSERT INTO renditions (id, workspace_id, video_id, clip_id, state, aspect, caption_style, width, height, spec_hash, edit_version, created_at, updated_at)
         VALUES (:renditionId, :workspaceId, :videoId, :clipId, 'ready', '9:16', 'karaoke', 1080, 1920, :renditionId, 1, now(), now())`,
        { renditionId, workspaceId, videoId, clipId },
      );
      const taskId = newId();
      await db.change(
        tx,
        `INSERT INTO stored_objects (id, workspace_id, video_id, rendition_id, key, kind, state, content_type, size_bytes, sha256, created_at)
         SELECT gen_random_uuid(), :workspaceId, :videoId, :renditionId, 'w/' || :workspaceId || '/v/' || :videoId || '/t/' || :taskId || '/1/' || kind,
           kind, 'ready', 'video/mp4', 1000, md5(kind) || md5(kind), now()
         FROM unnest(ARRAY['video', 'cover', 'srt', 'vtt']) AS kind`,
        { workspaceId, videoId, renditionId, taskId },
      );
    }
    const { token } = await openSession(deps, tx, userId);
    return { token, workspaceId, videoId, email };
  });
}
