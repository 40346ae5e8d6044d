/**
 * The policy looks at clips when they are made and again after a person changed words, title or cut. What was found in a video stays found: the
 * sound is as it was, whatever its words were corrected to.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clip, SafetyFinding } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { isGone } from '../library/load.ts';
import { type Video, Videos } from '../library/model.ts';
import { applyEdits, readEdits } from '../understanding/edits/transcriptEdits.ts';
import { buildTalk } from '../understanding/highlights/talk.ts';
import { judgeWords } from '../understanding/safety/checkVideo.ts';
import { settleClip, type TitleStop } from '../understanding/safety/clipStandings.ts';
import { type Stop, stopsOf } from '../understanding/safety/decide.ts';
import { passagesOf } from '../understanding/safety/passages.ts';
import { rulesFor } from '../understanding/safety/policyVersions.ts';
import { appealStanding } from '../understanding/safety/reviews.ts';
import { findVerdict, reviseVerdict } from '../understanding/safety/verdicts.ts';
import { findTranscript, readHeard } from '../understanding/transcripts.ts';
import { listEdits } from './clipEdits.ts';
import { type ClipContent, contentOf } from './content.ts';
import { loadClip } from './load.ts';
import { type ClipRow, Clips } from './model.ts';
import { presentOneClip } from './present.ts';

/** Holds those clips that touch what the policy stops, and lets go those that do no longer. */
export async function settleClips(
  deps: Deps,
  tx: Tx,
  video: Video,
  clips: readonly ClipRow[],
  found: { stops: readonly Stop[]; policyVersion: number; titleStopsOf?: (clip: ClipRow) => readonly TitleStop[] },
): Promise<void> {
  const { stops, policyVersion, titleStopsOf } = found;
  for (const clip of clips) {
    const versions = await listEdits(deps, tx, clip);
    const judged = { id: clip.id, title: contentOf(deps, clip).title, editVersion: clip.editVersion, versions };
    await settleClip(deps, tx, video, judged, { stops, policyVersion, ...(titleStopsOf === undefined ? {} : { titleStops: titleStopsOf(clip) }) });
  }
}

/** What titles and tags say that the rules stop; by their text. */
export async function judgeTitles(deps: Deps, workspaceId: string, titles: readonly string[], language: string | null): Promise<Map<string, TitleStop[]>> {
  const { rules } = await deps.db.inWorkspace(workspaceId, (tx) => rulesFor(deps, tx, workspaceId));
  // The place of a title among them stands in the place of its time.
  const passages = titles.map((text, at) => ({ startSeconds: at, endSeconds: at, text }));
  const { findings } = await judgeWords(deps, workspaceId, passages, language);
  return new Map(
    titles.map((title, at) => {
      const own = findings.filter(({ startSeconds }) => startSeconds === at);
      return [title, own.filter((finding) => stopsOf([finding], rules, true).length > 0).map(({ category, score }) => ({ category, score, title }))];
    }),
  );
}

async function loadLive(deps: Deps, tx: Tx, videoId: string): Promise<Video | null> {
  const video = await deps.db.model(Videos).findByPk(videoId, { transaction: tx });
  return video === null || isGone(video, deps.clock.now()) ? null : video;
}

const isKnown = (findings: readonly SafetyFinding[], { category, startSeconds, endSeconds, excerpt }: SafetyFinding) =>
  findings.some((known) => known.category === category && known.excerpt === excerpt && known.startSeconds < endSeconds && known.endSeconds > startSeconds);

/** Judges corrected words by the rules in force, and the clips by what was found. Does nothing for a video that was not checked yet. */
export async function judgeCorrections(deps: Deps, workspaceId: string, videoId: string): Promise<void> {
  const { db } = deps;
  const read = await db.inWorkspace(workspaceId, async (tx) => {
    const video = await loadLive(deps, tx, videoId);
    const row = await findTranscript(deps, tx, videoId);
    if (video === null || row === null || (await findVerdict(deps, tx, videoId)) === null) {
      return null;
    }
    const { words, language } = applyEdits(await readHeard(deps, tx, row), row.objectId, await readEdits(deps, tx, videoId));
    return { words, language: language === 'und' ? video.options.language : language, policy: await rulesFor(deps, tx, workspaceId) };
  });
  if (read === null) {
    return;
  }
  const { words, language, policy } = read;
  const corrected = words.filter(({ correction }) => correction !== null).map(({ word }) => word);
  const talk = buildTalk(words.map(({ word }) => word), [], language);
  const passages = passagesOf(talk).filter((passage) =>
    corrected.some((word) => word.startSeconds < passage.endSeconds && word.endSeconds > passage.startSeconds),
  );
  const { engine, findings } = await judgeWords(deps, workspaceId, passages, language);
  await db.inWorkspace(workspaceId, async (tx) => {
    const video = await loadLive(deps, tx, videoId);
    const verdict = await findVerdict(deps, tx, videoId, true);
    if (video === null || verdict === null) {
      return;
    }
    const ruleOf = (finding: SafetyFinding) => policy.rules.find(({ category }) => category === finding.category);
    const counting = findings.filter((finding) => {
      const rule = ruleOf(finding);
      return rule !== undefined && finding.score >= rule.threshold && (rule.video !== 'off' || rule.clip !== 'note') && !isKnown(verdict.findings, finding);
    });
    if (counting.length === 0) {
      return;
    }
    const stops = [...verdict.stops, ...stopsOf(counting, policy.rules, true)];
    const leaveOut = [...verdict.leaveOut, ...counting.filter((finding) => ruleOf(finding)?.clip === 'refuse').map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds }))];
    const outcome = verdict.outcome === 'clear' ? 'noted' : verdict.outcome;
    const reason = verdict.outcome === 'clear' ? 'Noted in words that a person corrected.' : verdict.reason;
    const all = [...verdict.findings, ...counting].sort((a, b) => a.startSeconds - b.startSeconds);
    await reviseVerdict(deps, tx, videoId, { outcome, reason, findings: all, leaveOut, stops, policyVersion: policy.version, engine: verdict.engine === 'none' ? engine : verdict.engine });
    await deps.appendEvent(tx, { workspaceId, type: 'safety.checked', videoId, subjectId: videoId, data: { outcome, policyVersion: policy.version, findings: all.length, engine, isAgain: true } });
    const clips = await db.model(Clips).findAll({ where: { videoId }, transaction: tx });
    await settleClips(deps, tx, video, clips, { stops, policyVersion: policy.version });
  });
}

/** What is judged beside the cut: the title, and the tags that a person set. Suggested ones are words of the clip, which were judged. */
function textsOf({ title, tags, areTagsWritten = false }: ClipContent): string[] {
  return [title, ...(areTagsWritten && tags.length > 0 ? [tags.join(', ')] : [])];
}

/** Judges the title and tags of a clip that a person named, tagged or cut anew, and what its cut holds. */
export async function judgeClip(deps: Deps, workspaceId: string, clipId: string): Promise<void> {
  const { db } = deps;
  const read = await db.inWorkspace(workspaceId, async (tx) => {
    const clip = await db.model(Clips).findByPk(clipId, { transaction: tx });
    const row = clip === null ? null : await findTranscript(deps, tx, clip.videoId);
    return clip === null ? null : { texts: textsOf(contentOf(deps, clip)), language: row?.language ?? null };
  });
  if (read === null) {
    return;
  }
  const titleStops = await judgeTitles(deps, workspaceId, read.texts, read.language === 'und' ? null : read.language);
  await db.inWorkspace(workspaceId, async (tx) => {
    const clip = await db.model(Clips).findByPk(clipId, { transaction: tx, lock: tx.LOCK.UPDATE });
    const video = clip === null ? null : await loadLive(deps, tx, clip.videoId);
    // What was changed meanwhile has an event of its own.
    if (clip === null || video === null || !isDeepStrictEqual(textsOf(contentOf(deps, clip)), read.texts)) {
      return;
    }
    const { version: policyVersion } = await rulesFor(deps, tx, workspaceId);
    const stops = (await findVerdict(deps, tx, video.id))?.stops ?? [];
    await settleClips(deps, tx, video, [clip], { stops, policyVersion, titleStopsOf: () => read.texts.flatMap((text) => titleStops.get(text) ?? []) });
  });
}

/** Appeals against the refusal of a clip. */
export function appealClip(deps: Deps, person: Person, clipId: string, message: string): Promise<Clip> {
  return deps.db.inWorkspace(person.workspaceId, async (tx) => {
    const { clip } = await loadClip(deps, tx, clipId, true);
    await appealStanding(deps, tx, person, clip, message);
    return presentOneClip(deps, tx, clip);
  });
}
