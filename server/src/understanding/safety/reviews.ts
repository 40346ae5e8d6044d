/** Cases that people decide: videos that the policy holds, and appeals against refusals. No automatic decision is final. */
import type { Insight, SafetyCase, SafetyFinding, SafetyReview } from '@carmic/contract';
import { buildFailure, notFound, wrongState } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { isUniqueViolation, type Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { titleOf } from '../../library/content.ts';
import { loadVideo } from '../../library/load.ts';
import { mediaUrl } from '../../library/mediaUrls.ts';
import { Videos } from '../../library/model.ts';
import { moveVideo } from '../../library/moveVideo.ts';
import { findObject } from '../../library/storedObjects.ts';
import { reserveMinutes } from '../../plans/usage.ts';
import { readInsight } from '../readInsight.ts';
import { type ClipStanding, decideClip, findStandings, keepStanding } from './clipStandings.ts';
import { findVerdict, presentVerdict, reviewContext, reviseVerdict } from './verdicts.ts';

interface Row {
  id: string;
  kind: 'hold' | 'appeal';
  state: SafetyReview['state'];
  workspace_id: string;
  workspace_name: string;
  video_id: string;
  clip_id: string | null;
  appeal_sealed: Buffer | null;
  decision_sealed: Buffer | null;
  opened_at: Date;
  decided_at: Date | null;
}

const columns = `r.id, r.kind, r.state, r.workspace_id, w.name AS workspace_name, r.video_id, r.clip_id, r.appeal_sealed, r.decision_sealed, r.opened_at, r.decided_at
  FROM safety_reviews r JOIN workspaces w ON w.id = r.workspace_id JOIN videos v ON v.id = r.video_id AND v.deleted_at IS NULL`;

const standingOf = async (deps: Deps, tx: Tx, { clip_id: clipId }: Row): Promise<ClipStanding | null> =>
  clipId === null ? null : ((await findStandings(deps, tx, [clipId])).get(clipId) ?? null);

async function presentReview(deps: Deps, tx: Tx, row: Row): Promise<SafetyReview> {
  const verdict = await findVerdict(deps, tx, row.video_id);
  const standing = await standingOf(deps, tx, row);
  const open = (field: 'appeal' | 'decision', sealed: Buffer | null) =>
    sealed === null ? null : deps.sealer.open(reviewContext(field, row.id), sealed);
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    videoId: row.video_id,
    clipId: row.clip_id,
    workspaceId: row.workspace_id,
    workspaceName: row.workspace_name,
    policyVersion: verdict?.policyVersion ?? 1,
    reason: (row.clip_id === null ? verdict?.reason : standing?.reason) ?? '',
    appeal: open('appeal', row.appeal_sealed),
    decision: open('decision', row.decision_sealed),
    openedAt: row.opened_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
  };
}

async function loadReview(deps: Deps, tx: Tx, id: string): Promise<Row> {
  const [row] = await deps.db.rows<Row>(tx, `SELECT ${columns} WHERE r.id = :id`, { id });
  if (row === undefined) {
    throw notFound('review');
  }
  return row;
}

/** A page of cases: open ones oldest first, decided ones newest first. */
export function listReviews(
  deps: Deps,
  query: { state: 'open' | 'decided'; cursor?: string | undefined; limit: number },
): Promise<{ items: SafetyReview[]; nextCursor: string | null }> {
  const [condition, time, compare, order] =
    query.state === 'open'
      ? (["r.state = 'open'", 'r.opened_at', '>', 'ASC'] as const)
      : (["r.state <> 'open'", 'r.decided_at', '<', 'DESC'] as const);
  return deps.db.asSystem(async (tx) => {
    const after =
      query.cursor === undefined
        ? ''
        : `AND (${time}, r.id) ${compare} (SELECT ${time}, r.id FROM safety_reviews r WHERE r.id = CAST(:cursor AS uuid))`;
    if (query.cursor !== undefined && !/^[0-9a-f-]{36}$/.test(query.cursor)) {
      throw notFound('page');
    }
    const rows = await deps.db.rows<Row>(
      tx,
      `SELECT ${columns} WHERE ${condition} ${after} ORDER BY ${time} ${order}, r.id ${order} LIMIT :limit`,
      { cursor: query.cursor, limit: query.limit + 1 },
    );
    const page = rows.slice(0, query.limit);
    const items: SafetyReview[] = [];
    for (const row of page) {
      items.push(await presentReview(deps, tx, row));
    }
    return { items, nextCursor: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null };
  });
}

/** What a case is about: all that was found, or what touches its clip and what its title says. */
function findingsOf(findings: readonly SafetyFinding[], standing: ClipStanding | null): SafetyFinding[] {
  if (standing === null) {
    return [...findings];
  }
  const { span, titleStops } = standing;
  return [
    ...titleStops.map(({ category, score, title }) => ({ ...span, category, score, excerpt: title })),
    ...findings.filter(({ startSeconds, endSeconds }) => startSeconds < span.endSeconds && endSeconds > span.startSeconds),
  ];
}

/** Shows the evidence of a case. The customer sees the event. */
export function openReview(deps: Deps, person: { userId: string }, id: string): Promise<SafetyCase> {
  return deps.db.asSystem(async (tx) => {
    const row = await loadReview(deps, tx, id);
    const video = await deps.db.model(Videos).findByPk(row.video_id, { transaction: tx, rejectOnEmpty: true });
    const verdict = await findVerdict(deps, tx, video.id);
    const standing = await standingOf(deps, tx, row);
    const proxy = await findObject(deps, tx, video.id, 'proxy');
    await deps.appendEvent(tx, {
      workspaceId: row.workspace_id,
      type: 'safety.review_opened',
      videoId: video.id,
      subjectId: id,
      actorId: person.userId,
    });
    return {
      review: await presentReview(deps, tx, row),
      title: standing?.title ?? titleOf(deps, video),
      durationSeconds: video.probe?.durationSeconds ?? null,
      engine: verdict?.engine ?? '',
      span: standing?.span ?? null,
      findings: findingsOf(verdict?.findings ?? [], standing),
      proxyUrl: proxy === null ? null : mediaUrl(deps, { key: proxy.key, contentType: proxy.contentType }),
    };
  });
}

/** Decides a case, and lets the video go on or ends it. Throws wrong_state when it was decided already. */
export function decideReview(
  deps: Deps,
  person: { userId: string },
  id: string,
  { decision, reason }: { decision: 'allow' | 'refuse'; reason: string },
): Promise<SafetyReview> {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    const row = await loadReview(deps, tx, id);
    const state = decision === 'allow' ? 'allowed' : 'refused';
    const changed = await db.change(
      tx,
      `UPDATE safety_reviews SET state = :state, decision_sealed = :sealed, decided_at = :now, decided_by = :userId WHERE id = :id AND state = 'open'`,
      { id, state, sealed: deps.sealer.seal(reviewContext('decision', id), reason), now: deps.clock.now(), userId: person.userId },
    );
    if (changed !== 1) {
      throw wrongState('Somebody decided this case already.');
    }
    const owner = { id: row.video_id, workspaceId: row.workspace_id };
    if (row.clip_id === null) {
      await db.change(tx, 'UPDATE safety_verdicts SET decision = :state WHERE video_id = :videoId', { state, videoId: row.video_id });
    } else {
      await decideClip(deps, tx, owner, row.clip_id, { decision, reason, kind: row.kind });
    }
    await deps.appendEvent(tx, {
      workspaceId: row.workspace_id,
      type: 'safety.decided',
      videoId: row.video_id,
      subjectId: id,
      actorId: person.userId,
      data: { decision, kind: row.kind, ...(row.clip_id === null ? {} : { clipId: row.clip_id }) },
    });
    if (row.clip_id === null) {
      await act(deps, tx, owner, decision, reason);
    }
    return presentReview(deps, tx, await loadReview(deps, tx, id));
  });
}

async function act(
  deps: Deps,
  tx: Tx,
  video: { id: string; workspaceId: string },
  decision: 'allow' | 'refuse',
  reason: string,
): Promise<void> {
  if (decision === 'refuse') {
    const failure = buildFailure('highlights', 'policy_refused', `A person refused this video: ${reason}`);
    await moveVideo(deps, tx, video, ['held'], 'failed', { failure });
    return;
  }
  const verdict = await findVerdict(deps, tx, video.id, true);
  if (verdict !== null) {
    // Whoever allowed the video saw what was found in it: none of its clips waits for that again.
    await reviseVerdict(deps, tx, video.id, { ...verdict, stops: [] });
  }
  const row = await deps.db.model(Videos).findByPk(video.id, { transaction: tx, rejectOnEmpty: true });
  // A refusal gave the minutes back; a hold keeps them reserved, and then this reserves nothing.
  const shortage = await reserveMinutes(deps, tx, video, row.probe?.durationSeconds ?? 0);
  if (shortage === null) {
    await moveVideo(deps, tx, video, row.state === 'failed' ? ['failed'] : ['held'], 'selecting');
    return;
  }
  const failure = buildFailure('highlights', 'minutes_exhausted', `A person allowed this video. ${shortage}`);
  await deps.db.model(Videos).update({ failure }, { where: { id: video.id, state: 'failed' }, transaction: tx });
}

/** Asks a person to look at a refused video again: once against the policy's refusal, and once against that of a review. */
export async function appealVideo(
  deps: Deps,
  person: { workspaceId: string; userId: string },
  videoId: string,
  message: string,
): Promise<Insight> {
  const { db } = deps;
  return db.inWorkspace(person.workspaceId, async (tx) => {
    const video = await loadVideo(deps, tx, videoId);
    const verdict = await findVerdict(deps, tx, video.id);
    if (verdict === null || video.failure?.code !== 'policy_refused' || !(await presentVerdict(deps, tx, video.id, verdict)).canAppeal) {
      throw wrongState('There is no refusal here that can be appealed against.');
    }
    const id = newId();
    const now = deps.clock.now();
    const sealed = deps.sealer.seal(reviewContext('appeal', id), message);
    try {
      await db.change(
        tx,
        `INSERT INTO safety_reviews (id, workspace_id, video_id, kind, state, appeal_sealed, opened_at)
         VALUES (:id, :workspaceId, :videoId, 'appeal', 'open', :sealed, :now)`,
        { id, workspaceId: video.workspaceId, videoId: video.id, sealed, now },
      );
    } catch (error) {
      throw isUniqueViolation(error) ? wrongState('An appeal is waiting already.') : error;
    }
    await deps.appendEvent(tx, {
      workspaceId: video.workspaceId,
      type: 'safety.appealed',
      videoId: video.id,
      subjectId: id,
      actorId: person.userId,
    });
    return readInsight(deps, tx, video);
  });
}

/** Asks a person to look at a refused clip again; once. */
export async function appealStanding(
  deps: Deps,
  tx: Tx,
  person: { userId: string },
  clip: { id: string; videoId: string; workspaceId: string },
  message: string,
): Promise<void> {
  const standing = (await findStandings(deps, tx, [clip.id], true)).get(clip.id);
  if (standing?.state !== 'refused' || !standing.canAppeal) {
    throw wrongState('There is no refusal here that can be appealed against.');
  }
  const id = newId();
  await deps.db.change(
    tx,
    `INSERT INTO safety_reviews (id, workspace_id, video_id, clip_id, kind, state, appeal_sealed, opened_at)
     VALUES (:id, :workspaceId, :videoId, :clipId, 'appeal', 'open', :sealed, :now)`,
    {
      id,
      workspaceId: clip.workspaceId,
      videoId: clip.videoId,
      clipId: clip.id,
      sealed: deps.sealer.seal(reviewContext('appeal', id), message),
      now: deps.clock.now(),
    },
  );
  const owner = { id: clip.videoId, workspaceId: clip.workspaceId };
  await keepStanding(deps, tx, owner, clip.id, { ...standing, appeal: message, canAppeal: false });
  await deps.appendEvent(tx, {
    workspaceId: clip.workspaceId,
    type: 'safety.appealed',
    videoId: clip.videoId,
    subjectId: id,
    actorId: person.userId,
    data: { clipId: clip.id },
  });
}
