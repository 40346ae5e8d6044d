/** Which processing of a person's data is stopped: it is looked up where the processing would start. Keeps: A3, G4. */
import type { PersonalRights } from '@carmic/contract';
import { forgetReports } from '../../clips/tuning/reports.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';

interface RightsRow {
  restricted_at: Date | null;
  statistics_objected_at: Date | null;
  marketing_objected_at: Date | null;
}

/** What is stopped for a person, and since when. */
export async function readRights(deps: Deps, tx: Tx, userId: string): Promise<PersonalRights> {
  const [row] = await deps.db.rows<RightsRow>(tx, 'SELECT * FROM person_rights WHERE user_id = :userId', { userId });
  return {
    restrictedAt: row?.restricted_at?.toISOString() ?? null,
    statisticsObjectedAt: row?.statistics_objected_at?.toISOString() ?? null,
    marketingObjectedAt: row?.marketing_objected_at?.toISOString() ?? null,
  };
}

const columns = {
  isRestricted: 'restricted_at',
  objectsToStatistics: 'statistics_objected_at',
  objectsToMarketing: 'marketing_objected_at',
} as const;
export type RightsChange = { [K in keyof typeof columns]?: boolean | undefined };

/** Stops or allows processing, at once. Answers which of them changed. */
export async function changeRights(
  deps: Deps,
  tx: Tx,
  userId: string,
  change: RightsChange,
  actorId: string,
): Promise<(keyof RightsChange)[]> {
  const { appendEvent, clock, db } = deps;
  await db.change(tx, 'INSERT INTO person_rights (user_id) VALUES (:userId) ON CONFLICT DO NOTHING', { userId });
  const changed: (keyof RightsChange)[] = [];
  for (const name of Object.keys(columns) as (keyof typeof columns)[]) {
    const wanted = change[name];
    if (wanted === undefined) {
      continue;
    }
    const column = columns[name];
    const count = await db.change(tx, `UPDATE person_rights SET ${column} = :at WHERE user_id = :userId AND (${column} IS NULL) = :isNew`, {
      userId,
      at: wanted ? clock.now() : null,
      isNew: wanted,
    });
    if (count === 1) {
      changed.push(name);
    }
  }
  if (changed.length > 0) {
    const data = Object.fromEntries(changed.map((name) => [name, change[name] === true]));
    await appendEvent(tx, { workspaceId: null, type: 'privacy.rights_changed', subjectId: userId, actorId, data });
  }
  if (change.objectsToStatistics === true) {
    await forgetReports(deps, tx, userId);
  }
  if (changed.includes('isRestricted') && change.isRestricted === false) {
    await nudgeVideos(deps, tx, userId);
  }
  return changed;
}

/** What stood still goes on. */
async function nudgeVideos(deps: Deps, tx: Tx, userId: string): Promise<void> {
  const videos = await deps.db.rows<{ id: string; workspace_id: string }>(
    tx,
    "SELECT id, workspace_id FROM videos WHERE created_by = :userId AND deleted_at IS NULL AND state NOT IN ('ready', 'failed', 'uploading')",
    { userId },
  );
  tx.afterCommit(async () => {
    for (const { id: videoId, workspace_id: workspaceId } of videos) {
      await deps.jobs.enqueue('videos.advance', { workspaceId, videoId });
    }
    deps.tasksReady.notify();
  });
}

/** Whether the processing of a video is stopped by who uploaded it. */
export async function isRestricted(deps: Deps, video: { createdBy: string | null }): Promise<boolean> {
  const rows = await deps.db.systemRows('SELECT 1 FROM person_rights WHERE user_id = :userId AND restricted_at IS NOT NULL', {
    userId: video.createdBy,
  });
  return rows.length > 0;
}
