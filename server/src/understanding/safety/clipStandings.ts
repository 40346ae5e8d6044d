/**
 * What stands between single clips and those who would download them. A clip that touches what the policy stops waits for a person; files of
 * every cut that holds it are not given out. What a person allowed stays allowed; a passage or title that nobody saw holds the clip again.
 */
import { type ClipSafety, safetyCategorySchema, type Span } from '@carmic/contract';
import { z } from 'zod';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { categoryNames, clock, type Stop } from './decide.ts';

const titleStopSchema = z.object({ category: safetyCategorySchema, score: z.number(), title: z.string() });
/** A title, or the tags, that break the rules. */
export type TitleStop = z.infer<typeof titleStopSchema>;

const contentSchema = z.object({
  reason: z.string(),
  title: z.string(),
  span: z.object({ startSeconds: z.number(), endSeconds: z.number() }),
  titleStops: z.array(titleStopSchema),
  editVersion: z.number(),
  /** What stops each version of the cut. */
  grounds: z.record(z.string(), z.array(z.string())),
  /** Grounds that a person saw and allowed. */
  allowed: z.array(z.string()),
  decision: z.string().nullable(),
  appeal: z.string().nullable(),
  canAppeal: z.boolean(),
});

/** How a clip stands. */
export interface ClipStanding extends z.infer<typeof contentSchema> {
  state: 'clear' | ClipSafety['state'];
}

/** A clip as the policy looks at it, in all versions of its cut. */
export interface JudgedClip {
  id: string;
  title: string;
  editVersion: number;
  versions: readonly { version: number; segments: readonly Span[] }[];
}

interface Owner {
  id: string;
  workspaceId: string;
}

const contextOf = (clipId: string) => `clip_safety.content:${clipId}`;

/** Opens a row of `clip_safety`. */
export function openStanding(deps: Deps, clipId: string, state: ClipStanding['state'], sealed: Buffer): ClipStanding {
  return { state, ...contentSchema.parse(JSON.parse(deps.sealer.open(contextOf(clipId), sealed))) };
}

/** How clips stand, by their id; those that nothing ever stopped are not in it. */
export async function findStandings(deps: Deps, tx: Tx, clipIds: readonly string[], isLocked = false): Promise<Map<string, ClipStanding>> {
  const rows =
    clipIds.length === 0
      ? []
      : await deps.db.rows<{ clip_id: string; state: ClipStanding['state']; content_sealed: Buffer }>(
          tx,
          `SELECT clip_id, state, content_sealed FROM clip_safety WHERE clip_id IN (:clipIds) ${isLocked ? 'FOR UPDATE' : ''}`,
          { clipIds: [...clipIds] },
        );
  return new Map(rows.map((row) => [row.clip_id, openStanding(deps, row.clip_id, row.state, row.content_sealed)]));
}

/** Writes how a clip stands. */
export async function keepStanding(deps: Deps, tx: Tx, video: Owner, clipId: string, { state, ...content }: ClipStanding): Promise<void> {
  await deps.db.change(
    tx,
    `INSERT INTO clip_safety (clip_id, workspace_id, video_id, state, content_sealed, updated_at)
     VALUES (:clipId, :workspaceId, :videoId, :state, :sealed, :now)
     ON CONFLICT (clip_id) DO UPDATE SET state = EXCLUDED.state, content_sealed = EXCLUDED.content_sealed, updated_at = EXCLUDED.updated_at`,
    {
      clipId,
      workspaceId: video.workspaceId,
      videoId: video.id,
      state,
      sealed: deps.sealer.seal(contextOf(clipId), JSON.stringify(content)),
      now: deps.clock.now(),
    },
  );
}

/** A standing as the owner of the clip sees it; null where nothing stops it. */
export function presentStanding(standing: ClipStanding | undefined): ClipSafety | null {
  if (standing === undefined || standing.state === 'clear') {
    return null;
  }
  const { state, reason, decision, appeal, canAppeal } = standing;
  return { state, reason, decision, appeal, canAppeal };
}

/** Whether the files of one version of the cut are kept back. */
export function isWithheld(standing: ClipStanding | undefined, editVersion: number): boolean {
  if (standing === undefined) {
    return false;
  }
  const { state, grounds, allowed } = standing;
  return state === 'held' || state === 'refused' || (grounds[editVersion] ?? []).some((ground) => !allowed.includes(ground));
}

const titleGround = ({ category, title }: TitleStop) => `${category} in ${JSON.stringify(title)}`;
const groundOf = ({ category, startSeconds }: Stop) => `${category} at ${startSeconds.toFixed(2)}`;
const touches = (segments: readonly Span[], { startSeconds, endSeconds }: Span) =>
  segments.some((segment) => segment.startSeconds < endSeconds && segment.endSeconds > startSeconds);

function reasonOf(stops: readonly Stop[], titleStops: readonly TitleStop[], title: string): string {
  const names = [...new Set([...stops, ...titleStops].map(({ category }) => categoryNames[category]))].join(', ');
  const places = [...new Set(stops.map(({ startSeconds }) => clock(startSeconds)))];
  const shown = [...places.slice(0, 3), ...(places.length > 3 ? [`${places.length - 3} more`] : [])];
  const texts = [...new Set(titleStops.map((stop) => (stop.title === title ? 'in the title' : 'in the tags')))];
  const where = [...(shown.length > 0 ? [`at ${shown.join(', ')}`] : []), ...texts];
  return `Held for a review by a person: ${names}, ${where.join(' and ')}.`;
}

/**
 * Holds a clip, or lets it go, by what stops it now. `titleStops` are those of its title and tags as they are; without them the ones that are known
 * count. A refusal by a person stays until it is appealed against. Answers whether anything changed.
 */
export async function settleClip(
  deps: Deps,
  tx: Tx,
  video: Owner,
  clip: JudgedClip,
  found: { stops: readonly Stop[]; titleStops?: readonly TitleStop[]; policyVersion: number },
): Promise<boolean> {
  const known = (await findStandings(deps, tx, [clip.id], true)).get(clip.id);
  const titleStops = [...(found.titleStops ?? known?.titleStops ?? [])];
  const stopsOfCut = (segments: readonly Span[]) => found.stops.filter((stop) => touches(segments, stop));
  const current = clip.versions.find(({ version }) => version === clip.editVersion);
  const stops = stopsOfCut(current?.segments ?? []);
  const grounds = Object.fromEntries(clip.versions.map(({ version, segments }) => [String(version), stopsOfCut(segments).map(groundOf)]));
  const now = [...stops.map(groundOf), ...titleStops.map(titleGround)];
  if (known === undefined && now.length === 0 && Object.values(grounds).every((each) => each.length === 0)) {
    return false;
  }
  const isOpen = now.some((ground) => known?.allowed.includes(ground) !== true);
  const state = known?.state === 'refused' ? 'refused' : isOpen ? 'held' : now.length > 0 ? 'allowed' : 'clear';
  const span = {
    startSeconds: Math.min(...(current?.segments ?? []).map((segment) => segment.startSeconds)),
    endSeconds: Math.max(...(current?.segments ?? []).map((segment) => segment.endSeconds)),
  };
  await keepStanding(deps, tx, video, clip.id, {
    allowed: known?.allowed ?? [],
    decision: state === 'held' || state === 'clear' ? null : (known?.decision ?? null),
    appeal: known?.appeal ?? null,
    canAppeal: known?.canAppeal ?? false,
    state,
    reason: now.length > 0 && state !== 'refused' ? reasonOf(stops, titleStops, clip.title) : (known?.reason ?? ''),
    title: clip.title,
    span,
    titleStops,
    editVersion: clip.editVersion,
    grounds,
  });
  if (state === 'held' && known?.state !== 'held') {
    const id = newId();
    await deps.db.change(
      tx,
      `INSERT INTO safety_reviews (id, workspace_id, video_id, clip_id, kind, state, opened_at)
       VALUES (:id, :workspaceId, :videoId, :clipId, 'hold', 'open', :now) ON CONFLICT DO NOTHING`,
      { id, workspaceId: video.workspaceId, videoId: video.id, clipId: clip.id, now: deps.clock.now() },
    );
    await say(deps, tx, video, clip.id, 'safety.held', found.policyVersion);
  }
  if (known?.state === 'held' && state !== 'held') {
    await deps.db.change(
      tx,
      "UPDATE safety_reviews SET state = 'withdrawn', decided_at = :now WHERE clip_id = :clipId AND state = 'open'",
      {
        clipId: clip.id,
        now: deps.clock.now(),
      },
    );
    await say(deps, tx, video, clip.id, 'safety.released', found.policyVersion);
  }
  return state !== known?.state;
}

const say = (deps: Deps, tx: Tx, video: Owner, clipId: string, type: 'safety.held' | 'safety.released', policyVersion: number) =>
  deps.appendEvent(tx, { workspaceId: video.workspaceId, type, videoId: video.id, subjectId: clipId, data: { policyVersion, clipId } });

/** What a person decided about a clip; a refusal against which there was no appeal yet can be appealed against. */
export async function decideClip(
  deps: Deps,
  tx: Tx,
  video: Owner,
  clipId: string,
  { decision, reason, kind }: { decision: 'allow' | 'refuse'; reason: string; kind: 'hold' | 'appeal' },
): Promise<void> {
  const known = (await findStandings(deps, tx, [clipId], true)).get(clipId);
  if (known === undefined) {
    throw new Error('A clip with a case has a standing.');
  }
  const seen = [...(known.grounds[known.editVersion] ?? []), ...known.titleStops.map(titleGround)];
  await keepStanding(deps, tx, video, clipId, {
    ...known,
    state: decision === 'allow' ? 'allowed' : 'refused',
    allowed: decision === 'allow' ? [...new Set([...known.allowed, ...seen])] : known.allowed,
    decision: reason,
    appeal: null,
    canAppeal: decision === 'refuse' && kind === 'hold',
  });
}
