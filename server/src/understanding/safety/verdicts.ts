/** What was decided about videos: one row each, with its evidence sealed because it quotes the video. */
import { type SafetyFinding, type SafetyVerdict, safetyFindingSchema, type Span, spanSchema } from '@carmic/contract';
import { z } from 'zod';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { type Stop, stopSchema } from './decide.ts';

const contentSchema = z.object({
  reason: z.string(),
  findings: z.array(safetyFindingSchema),
  leaveOut: z.array(spanSchema),
  stops: z.array(stopSchema).default([]),
});

export interface Verdict {
  outcome: SafetyVerdict['outcome'];
  policyVersion: number;
  engine: string;
  reason: string;
  findings: SafetyFinding[];
  leaveOut: Span[];
  /** A clip that touches one of these waits for a person. */
  stops: Stop[];
  /** What a person decided last; null while nobody has. */
  decision: 'allowed' | 'refused' | null;
  checkedAt: Date;
}

const contextOf = (videoId: string) => `safety_verdicts.content:${videoId}`;
export const reviewContext = (field: 'appeal' | 'decision', id: string) => `safety_reviews.${field}:${id}`;

/** The verdict about a video, or null when it was not checked yet. */
export async function findVerdict(deps: Deps, tx: Tx, videoId: string, isLocked = false): Promise<Verdict | null> {
  const [row] = await deps.db.rows<{
    policy_version: number;
    engine: string;
    outcome: Verdict['outcome'];
    decision: Verdict['decision'];
    content_sealed: Buffer;
    checked_at: Date;
  }>(
    tx,
    `SELECT policy_version, engine, outcome, decision, content_sealed, checked_at FROM safety_verdicts WHERE video_id = :videoId ${isLocked ? 'FOR UPDATE' : ''}`,
    { videoId },
  );
  if (row === undefined) {
    return null;
  }
  const { policy_version: policyVersion, checked_at: checkedAt, engine, outcome, decision } = row;
  const content = contentSchema.parse(JSON.parse(deps.sealer.open(contextOf(videoId), row.content_sealed)));
  return { outcome, policyVersion, engine, decision, checkedAt, ...content };
}

/** Keeps a verdict. Answers false when one was there already, which then stands. */
export async function keepVerdict(
  deps: Deps,
  tx: Tx,
  video: { id: string; workspaceId: string },
  { outcome, policyVersion, engine, reason, findings, leaveOut, stops }: Omit<Verdict, 'decision' | 'checkedAt'>,
): Promise<boolean> {
  const count = await deps.db.change(
    tx,
    `INSERT INTO safety_verdicts (video_id, workspace_id, policy_version, engine, outcome, content_sealed, checked_at, has_pictures)
     VALUES (:videoId, :workspaceId, :policyVersion, :engine, :outcome, :sealed, :now, :hasPictures) ON CONFLICT DO NOTHING`,
    {
      videoId: video.id,
      workspaceId: video.workspaceId,
      policyVersion,
      engine,
      outcome,
      sealed: deps.sealer.seal(contextOf(video.id), JSON.stringify({ reason, findings, leaveOut, stops })),
      now: deps.clock.now(),
      hasPictures: findings.some(({ category }) => category === 'pictures'),
    },
  );
  return count === 1;
}

/** Writes what is known of a video in the place of what was: more was found, or a person decided. */
export async function reviseVerdict(
  deps: Deps,
  tx: Tx,
  videoId: string,
  { outcome, policyVersion, engine, reason, findings, leaveOut, stops }: Omit<Verdict, 'decision' | 'checkedAt'>,
): Promise<void> {
  await deps.db.change(
    tx,
    `UPDATE safety_verdicts SET outcome = :outcome, policy_version = :policyVersion, engine = :engine, content_sealed = :sealed, checked_at = :now
     WHERE video_id = :videoId`,
    {
      videoId,
      outcome,
      policyVersion,
      engine,
      sealed: deps.sealer.seal(contextOf(videoId), JSON.stringify({ reason, findings, leaveOut, stops })),
      now: deps.clock.now(),
    },
  );
}

interface ReviewRow {
  id: string;
  kind: 'hold' | 'appeal';
  state: 'open' | 'allowed' | 'refused';
  appeal_sealed: Buffer | null;
  decision_sealed: Buffer | null;
}

/** A verdict as the owner of the video sees it. */
export async function presentVerdict(deps: Deps, tx: Tx, videoId: string, verdict: Verdict): Promise<SafetyVerdict> {
  const reviews = await deps.db.rows<ReviewRow>(
    tx,
    'SELECT id, kind, state, appeal_sealed, decision_sealed FROM safety_reviews WHERE video_id = :videoId AND clip_id IS NULL ORDER BY opened_at DESC, id DESC',
    { videoId },
  );
  const open = reviews.find(({ state }) => state === 'open');
  const decided = reviews.find(({ state }) => state !== 'open');
  const { outcome, reason, policyVersion, engine, checkedAt, decision } = verdict;
  const isRefused = decision === 'refused' || (decision === null && outcome === 'refused');
  const isStopped = outcome === 'held' || outcome === 'refused';
  const standing =
    decision === 'allowed' ? 'allowed' : isRefused ? 'refused' : outcome === 'held' ? 'waiting' : isStopped ? 'refused' : outcome;
  return {
    outcome,
    standing,
    reason,
    policyVersion,
    engine,
    checkedAt: checkedAt.toISOString(),
    decision: decided?.decision_sealed ? deps.sealer.open(reviewContext('decision', decided.id), decided.decision_sealed) : null,
    appeal: open?.appeal_sealed ? deps.sealer.open(reviewContext('appeal', open.id), open.appeal_sealed) : null,
    canAppeal: isRefused && open === undefined && !reviews.some(({ kind, state }) => kind === 'appeal' && state === 'refused'),
  };
}
