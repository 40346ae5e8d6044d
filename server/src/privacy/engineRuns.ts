/** Which engines worked on a video, where, and on which terms: read from what they left in its rows. Keeps: A1, A2. */
import type { EngineRun } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { loadVideo } from '../library/load.ts';
import { moderationParty } from '../understanding/safety/moderation.ts';
import { builtInEngine } from '../understanding/safety/textJudges.ts';
import { deepgramParty, languageModelParty, libreTranslateParty } from '../understanding/switchboard/engines.ts';

interface Terms {
  sent: string;
  optOut: string;
}

/** What each outside engine is sent, and how it is kept from learning. */
const outside: Readonly<Record<string, Terms>> = {
  [deepgramParty]: { sent: 'The sound', optOut: 'Every request says mip_opt_out=true: nothing is kept or trained on' },
  [libreTranslateParty]: { sent: 'Lines of the captions', optOut: 'The operator’s own server; it keeps nothing' },
  [languageModelParty]: {
    sent: 'Words of the clips or captions',
    optOut: 'The endpoint that the operator chose; what it keeps, its contract says',
  },
  [moderationParty]: { sent: 'Passages of what is said', optOut: 'The endpoint that the operator chose; what it keeps, its contract says' },
};

interface Found {
  task: EngineRun['task'];
  engine: string;
  at: Date | null;
}

/** The engines of one video, in the order in which they worked. Throws not_found. */
export async function listEngineRuns(deps: Deps, tx: Tx, videoId: string): Promise<EngineRun[]> {
  const video = await loadVideo(deps, tx, videoId);
  const found = await deps.db.rows<Found>(
    tx,
    `SELECT 'transcription' AS task, engine, created_at AS at FROM transcripts WHERE video_id = :id
     UNION ALL SELECT 'safety', trim(both FROM unnest(string_to_array(engine, ','))), checked_at FROM safety_verdicts WHERE video_id = :id
     UNION ALL SELECT 'translation', engine, updated_at FROM translations WHERE video_id = :id AND engine IS NOT NULL
     UNION ALL SELECT 'selection', coalesce(e.data->>'engine', 'built-in ranker'), e.created_at FROM events e
       WHERE e.video_id = :id AND e.workspace_id = :workspaceId AND e.type = 'clips.suggested'
     UNION ALL SELECT 'framing', 'built-in faces', max(finished_at) FROM media_tasks
       WHERE video_id = :id AND kind = 'render' AND state = 'done' HAVING count(*) > 0
     ORDER BY at NULLS LAST, task, engine`,
    { id: video.id, workspaceId: video.workspaceId },
  );
  return found.map(({ at, engine, task }) => {
    // Behind its name an engine may have those of its model and of the request.
    const terms = outside[engine.split(' ')[0] ?? ''];
    return {
      ...{ task, engine, at: at?.toISOString() ?? null },
      place: terms !== undefined ? 'outside' : placeOf(task, engine),
      sent: terms?.sent ?? null,
      optOut: terms?.optOut ?? null,
      isSuggestion: task !== 'framing' && task !== 'transcription',
    };
  });
}

/** Pictures and sound are looked at on agents; words on the server. */
function placeOf(task: EngineRun['task'], engine: string): EngineRun['place'] {
  if (task === 'selection' || (task === 'safety' && engine === builtInEngine) || engine.startsWith('supplied')) {
    return 'server';
  }
  return 'agent';
}
