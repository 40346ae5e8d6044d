/** The gate between the words and the clips of a video: it is checked once, and held or refused where the policy says so. */
import type { Analysis, SafetyFinding } from '@carmic/contract';
import { buildFailure } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { Video } from '../../library/model.ts';
import { moveVideo } from '../../library/moveVideo.ts';
import type { Talk } from '../highlights/talk.ts';
import { openTextJudge } from '../switchboard/clients.ts';
import { enginesFor } from '../switchboard/engines.ts';
import { countUse } from '../switchboard/usage.ts';
import { decide } from './decide.ts';
import { ModerationError } from './moderation.ts';
import { type Passage, passagesOf } from './passages.ts';
import { pictureFindings } from './pictureFindings.ts';
import { rulesFor } from './policyVersions.ts';
import { findVerdict, keepVerdict, type Verdict } from './verdicts.ts';

interface Material {
  /** Null where there are no words. */
  talk: Talk | null;
  language: string | null;
  analysis: Analysis | null;
}

const noEngine = 'none';

/** Lets the first engine of the order that answers judge what is said; what cannot answer hands on to the next. */
export async function judgeWords(
  deps: Deps,
  workspaceId: string,
  passages: readonly Passage[],
  language: string | null,
): Promise<{ engine: string; findings: SafetyFinding[] }> {
  const engines = passages.length === 0 ? [] : await deps.db.inWorkspace(workspaceId, (tx) => enginesFor(deps, tx, workspaceId, 'safety'));
  const characters = passages.reduce((sum, { text }) => sum + text.length, 0);
  for (const engine of engines) {
    const judge = openTextJudge(deps, engine);
    const count = (isFailed: boolean) =>
      deps.db.inWorkspace(workspaceId, (tx) =>
        countUse(deps, tx, { workspaceId, kind: 'safety', engine, isFailed, characters: isFailed ? 0 : characters }),
      );
    try {
      if (judge !== null) {
        const findings = await judge.judge(passages, language);
        await count(false);
        return { engine, findings };
      }
    } catch (error) {
      if (!(error instanceof ModerationError)) {
        throw error;
      }
      deps.log.warn({ reason: error.message }, 'what is said is judged by the next engine');
      await count(true);
    }
  }
  return { engine: noEngine, findings: [] };
}

/** Judges words and pictures by the rules in force. */
async function judgeVideo(
  deps: Deps,
  video: Video,
  { talk, language, analysis }: Material,
): Promise<Omit<Verdict, 'decision' | 'checkedAt'>> {
  const { version, rules } = await deps.db.inWorkspace(video.workspaceId, (tx) => rulesFor(deps, tx, video.workspaceId));
  const { engine, findings } = await judgeWords(deps, video.workspaceId, talk === null ? [] : passagesOf(talk), language);
  const threshold = rules.find(({ category }) => category === 'pictures')?.threshold ?? 1;
  const seen = pictureFindings(analysis?.pictures, threshold, video.probe?.durationSeconds ?? 0);
  const engines = [engine, ...(analysis?.pictures === undefined ? [] : [analysis.pictures.model])].filter((name) => name !== noEngine);
  return { ...decide([...findings, ...seen], rules), policyVersion: version, engine: engines.join(', ') || noEngine };
}

/**
 * Lets a video pass, or holds or refuses it. Answers the verdict, or null where it does not go on. Runs again safely: the first verdict
 * stands, and what a person decided stands above it.
 */
export async function passSafety(deps: Deps, video: Video, material: Material): Promise<Verdict | null> {
  const { db } = deps;
  const known = await db.inWorkspace(video.workspaceId, (tx) => findVerdict(deps, tx, video.id));
  const judged = known === null ? await judgeVideo(deps, video, material) : null;
  return db.inWorkspace(video.workspaceId, async (tx) => {
    if (judged !== null && (await keepVerdict(deps, tx, video, judged))) {
      await deps.appendEvent(tx, {
        workspaceId: video.workspaceId,
        type: 'safety.checked',
        videoId: video.id,
        subjectId: video.id,
        data: { outcome: judged.outcome, policyVersion: judged.policyVersion, findings: judged.findings.length, engine: judged.engine },
      });
    }
    const verdict = await findVerdict(deps, tx, video.id);
    if (verdict === null) {
      return null;
    }
    const standing = verdict.decision ?? verdict.outcome;
    if (standing === 'held') {
      await hold(deps, tx, video, verdict);
      return null;
    }
    if (standing === 'refused') {
      await refuse(deps, tx, video, verdict);
      return null;
    }
    return verdict;
  });
}

async function hold(deps: Deps, tx: Tx, video: Video, { policyVersion }: Verdict): Promise<void> {
  if (!(await moveVideo(deps, tx, video, ['selecting'], 'held'))) {
    return;
  }
  const id = newId();
  await deps.db.change(
    tx,
    `INSERT INTO safety_reviews (id, workspace_id, video_id, kind, state, opened_at)
     VALUES (:id, :workspaceId, :videoId, 'hold', 'open', :now) ON CONFLICT DO NOTHING`,
    { id, workspaceId: video.workspaceId, videoId: video.id, now: deps.clock.now() },
  );
  await deps.appendEvent(tx, {
    workspaceId: video.workspaceId,
    type: 'safety.held',
    videoId: video.id,
    subjectId: id,
    data: { policyVersion },
  });
}

async function refuse(deps: Deps, tx: Tx, video: Video, { policyVersion, reason }: Verdict): Promise<void> {
  const failure = buildFailure('highlights', 'policy_refused', reason);
  if (await moveVideo(deps, tx, video, ['selecting'], 'failed', { failure })) {
    const { workspaceId, id } = video;
    await deps.appendEvent(tx, { workspaceId, type: 'safety.refused', videoId: id, subjectId: id, data: { policyVersion } });
  }
}
