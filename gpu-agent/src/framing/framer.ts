import { join } from 'node:path';
import type { SeenFace } from '@carmic/captions';
import type { Layout, RenderSpec, ShotLayout } from '@carmic/contract';
import type { Logger } from 'pino';
import type { TaskContext } from '../media/task.ts';
import { renderFiles } from '../render/filterGraph.ts';
import type { RenderInput } from '../render/renderInput.ts';
import { rateValue, type Timeline } from '../render/timeline.ts';
import { analyzeSpan, type SpanAnalysis } from './analyze.ts';
import { buildPieces, type Piece } from './buildFraming.ts';
import { chooseCovers } from './covers.ts';
import { listClipFaces } from './clipFaces.ts';
import { chooseLayouts, type LayoutRules, type ShotPlan, stretchesFor } from './chooseLayout.ts';
import { createFaceDetector, type FaceDetector } from './faceDetector.ts';
import { cropShares, type Framing, largestCrop, type SegmentFraming } from './framing.ts';
import { type FramingFacts, measureFraming } from './framingFacts.ts';
import { viewFromKeyframes } from './keyframes.ts';
import { listShots } from './shots.ts';
import { readSoundLevels } from './soundLevels.ts';
import { listTurns } from './turns.ts';

export interface FramedClip extends Framing {
  /** Null when nobody was looked for. */
  facts: FramingFacts | null;
  /** What was done with each shot, and why. */
  shots: readonly ShotLayout[];
  /** Frames that can stand for the clip, best first. */
  covers: readonly number[];
  /** Faces as they stand in the clip's picture, so that captions keep off them. */
  faces: readonly SeenFace[];
}

/** Chooses how a clip is framed, by looking at it. */
export interface Framer {
  /** Looks while the clip is `heard`; its joined sound has to be in the folder after that. */
  frame(spec: RenderSpec, timeline: Timeline, input: RenderInput, context: TaskContext, heard: Promise<unknown>): Promise<FramedClip>;
  close(): Promise<void>;
}

/** Analyses that are kept for the next rendition of the same clip, in memory only: nothing of anybody's face stays on an agent's disk. */
const keptAnalyses = 64;
/** What a framing has to prove, or a safer layout takes its place. The certificate is held to the same. */
export const framingBounds = { faceInside: 0.97, speakerShown: 0.75, faceMissed: 0.03 } as const;

/** Makes a framer; its face detector is loaded by the first clip that needs one. */
export function createFramer(log: Logger, nice = 0): Framer {
  const detector = createFaceDetector(nice);
  const kept = new Map<string, Promise<SpanAnalysis[]>>();
  const analyse = async (spec: RenderSpec, timeline: Timeline, input: RenderInput, context: TaskContext): Promise<SpanAnalysis[]> => {
    const key = spec.analysisKey === undefined ? null : `${spec.analysisKey} ${JSON.stringify(timeline)}`;
    const known = key === null ? undefined : kept.get(key);
    if (known) {
      log.debug({ key }, 'the analysis of an earlier rendition is used');
      return known;
    }
    const fresh = await lookAtAll(spec, timeline, input, context, detector);
    if (key !== null) {
      kept.set(key, Promise.resolve(fresh));
      const [oldest] = kept.keys();
      if (kept.size > keptAnalyses && oldest !== undefined) {
        kept.delete(oldest);
      }
    }
    return fresh;
  };
  return {
    close: () => detector.close(),
    async frame(spec, timeline, input, context, heard) {
      const wish = spec.framing ?? null;
      const analyses = await analyse(spec, timeline, input, context);
      if (wish?.keyframes && wish.keyframes.length > 0) {
        return frameByHand(spec, timeline, analyses);
      }
      const isPanelWished = wish?.layout !== undefined && wish.layout !== 'center' && wish.layout !== 'fit' && wish.layout !== 'follow';
      if (cropShares(spec.probe, spec.output) === null && !isPanelWished) {
        return keepWhole(spec, timeline, analyses);
      }
      await heard;
      const levels = spec.probe.audioCodec === null ? [] : await readLevels(timeline, context);
      const framed = frameFromAnalysis(spec, timeline, analyses, levels);
      log.debug({ shots: framed.shots.length, layout: framed.layout, facts: framed.facts }, 'framed');
      return framed;
    },
  };
}

function readLevels(timeline: Timeline, { directory }: TaskContext): Promise<number[]> {
  return readSoundLevels(join(directory, renderFiles.sound), timeline.frameCount, rateValue(timeline.rate));
}

function keepWhole(spec: RenderSpec, timeline: Timeline, analyses: readonly SpanAnalysis[]): FramedClip {
  const reason = 'The video already has this shape, so the whole picture is kept.';
  const segments = timeline.segments.map(() => ({ kind: 'whole' as const }));
  return { layout: 'center', reason, picture: timeline, segments, facts: null, shots: [], ...seenIn(segments, spec, timeline, analyses) };
}

/** Faces and covers of a framing that was not chosen by looking. */
function seenIn(
  framing: readonly SegmentFraming[],
  spec: RenderSpec,
  timeline: Timeline,
  analyses: readonly SpanAnalysis[],
): Pick<FramedClip, 'faces' | 'covers'> {
  const framesPerSecond = rateValue(timeline.rate);
  const rules: LayoutRules = { source: spec.probe, output: spec.output, framesPerSecond };
  const pieces = timeline.segments.map((segment, index): Piece => {
    const analysis = analyses[index];
    const plans = analysis === undefined ? [] : chooseLayouts(listShots(analysis), rules, () => [], null);
    return { segment, framing: framing[index] ?? { kind: 'whole' }, firstFrame: 0, endFrame: segment.frames, plans };
  });
  return { faces: listClipFaces(pieces, rules), covers: chooseCovers(analyses, pieces, timeline, framesPerSecond) };
}

/** The path of a person counts in clip time; the segments take their parts of it. */
function frameByHand(spec: RenderSpec, timeline: Timeline, analyses: readonly SpanAnalysis[]): FramedClip {
  const { probe, output, framing } = spec;
  const view = viewFromKeyframes(
    framing?.keyframes ?? [],
    framing?.zoom ?? 1,
    largestCrop(probe, output),
    timeline.frameCount,
    rateValue(timeline.rate),
  );
  const segments = timeline.segments.map(({ outFrame, frames }) => {
    const before = view.path.findLast((point) => point.frame <= outFrame) ?? { left: 0, top: 0 };
    const later = view.path.filter((point) => point.frame > outFrame && point.frame < outFrame + frames);
    const path = [{ ...before, frame: 0 }, ...later.map((point) => ({ ...point, frame: point.frame - outFrame }))];
    return { kind: 'crop' as const, widthShare: view.widthShare, heightShare: view.heightShare, path };
  });
  const reason = 'The crop was placed by hand.';
  const shots: ShotLayout[] = [{ startSeconds: 0, endSeconds: timeline.durationSeconds, layout: 'follow', reason }];
  return { layout: 'follow', reason, picture: timeline, segments, facts: null, shots, ...seenIn(segments, spec, timeline, analyses) };
}

async function lookAtAll(
  spec: RenderSpec,
  timeline: Timeline,
  input: RenderInput,
  context: TaskContext,
  detector: FaceDetector,
): Promise<SpanAnalysis[]> {
  const analyses: SpanAnalysis[] = [];
  for (const [index, segment] of timeline.segments.entries()) {
    const span = { startSeconds: segment.sourceSeconds, frames: segment.frames };
    analyses.push(await analyzeSpan({ input, probe: spec.probe, rate: timeline.rate, span }, context, detector));
    context.onProgress(0.06 + (0.09 * (index + 1)) / timeline.segments.length, 'Looking for faces');
  }
  return analyses;
}

/** Chooses layouts and proves them; where a proof fails, the shots at fault get a safer one. */
export function frameFromAnalysis(
  spec: Pick<RenderSpec, 'probe' | 'output' | 'framing'> & { captions?: RenderSpec['captions'] },
  timeline: Timeline,
  analyses: readonly SpanAnalysis[],
  levels: readonly number[],
): FramedClip {
  const framesPerSecond = rateValue(timeline.rate);
  const rules: LayoutRules = { source: spec.probe, output: spec.output, framesPerSecond };
  const found = analyses.flatMap((analysis, index) => listShots(analysis).map((shot) => ({ shot, segment: index })));
  const ofShot = <T>(values: readonly T[], index: number): T[] => {
    const entry = found[index];
    const first = (entry ? (timeline.segments[entry.segment]?.outFrame ?? 0) : 0) + (entry?.shot.firstFrame ?? 0);
    return values.slice(first, first + (entry ? entry.shot.endFrame - entry.shot.firstFrame : 0));
  };
  const turns = listTurns(spec.captions?.words ?? [], timeline);
  const shots = found.map((entry) => entry.shot);
  let plans = chooseLayouts(
    shots,
    rules,
    (index) => ofShot(levels, index),
    spec.framing?.layout ?? null,
    (index) => ofShot(turns, index),
  );
  const build = () =>
    buildPieces(
      timeline.segments.map((_, segment) => plans.filter((__, index) => found[index]?.segment === segment)),
      rules,
      timeline,
    );
  let pieces = build();
  let facts = measureFraming(pieces, framesPerSecond);
  const safer = plans.map((plan) => saferPlan(plan, pieces, rules, facts));
  if (safer.some((plan, index) => plan !== plans[index])) {
    plans = safer;
    pieces = build();
    facts = measureFraming(pieces, framesPerSecond);
  }
  const covers = chooseCovers(analyses, pieces, timeline, framesPerSecond);
  return { ...describe(pieces, facts, timeline), covers, faces: listClipFaces(pieces, rules) };
}

function saferPlan(plan: ShotPlan, pieces: readonly Piece[], rules: LayoutRules, clip: FramingFacts): ShotPlan {
  const isProven =
    (clip.faceInsideShare ?? 1) >= framingBounds.faceInside &&
    (clip.speakerShownShare ?? 1) >= framingBounds.speakerShown &&
    (clip.faceMissedShare ?? 0) <= framingBounds.faceMissed;
  if (plan.isWished || isProven) {
    return plan;
  }
  const facts = measureFraming(pieces, rules.framesPerSecond, new Set([plan]));
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  if ((facts.speakerShownShare ?? 1) < framingBounds.speakerShown && plan.layout === 'follow' && plan.people.length === 2) {
    const reason = `Whoever speaks could be followed in ${percent(facts.speakerShownShare ?? 0)} of the time only, so both are shown.`;
    return { ...plan, layout: 'split', reason, stretches: stretchesFor('split', plan.shot, plan.people, plan.speaking, rules) };
  }
  if ((facts.faceInsideShare ?? 1) < framingBounds.faceInside || (facts.faceMissedShare ?? 0) > framingBounds.faceMissed) {
    const reason = `A crop would hold the whole face in ${percent(facts.faceInsideShare ?? 0)} of the frames only, so all of the picture is shown over a blur.`;
    return { ...plan, layout: 'fit', reason, stretches: [] };
  }
  return plan;
}

function describe(pieces: readonly Piece[], facts: FramingFacts, timeline: Timeline): Omit<FramedClip, 'faces' | 'covers'> {
  const framesPerSecond = rateValue(timeline.rate);
  const frames = new Map<Layout, number>();
  const shots: ShotLayout[] = pieces.flatMap(({ segment, framing, firstFrame, endFrame, plans }) =>
    plans.map((plan) => {
      const from = Math.max(firstFrame, plan.shot.firstFrame);
      const to = Math.min(endFrame, plan.shot.endFrame);
      const isOther = framing.kind === 'fit' && plan.layout !== 'fit';
      const layout = isOther ? 'fit' : plan.layout;
      frames.set(layout, (frames.get(layout) ?? 0) + to - from);
      const startSeconds = segment.outSeconds + (from - firstFrame) / framesPerSecond;
      const reason = isOther
        ? `${plan.reason} Panels would not fit this shape or show the same twice, so all of the picture is shown over a blur.`
        : plan.reason;
      return { startSeconds, endSeconds: startSeconds + (to - from) / framesPerSecond, layout, reason };
    }),
  );
  const [layout] = [...frames].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['center', 0] as [Layout, number]);
  const longest = shots
    .filter((shot) => shot.layout === layout)
    .reduce<ShotLayout | null>((best, shot) => (best && lengthOf(best) >= lengthOf(shot) ? best : shot), null);
  const others = [...frames.keys()].filter((other) => other !== layout);
  const reason = `${longest?.reason ?? ''}${others.length > 0 ? ` Other shots: ${others.join(', ')}.` : ''}`;
  return {
    layout,
    reason,
    picture: { ...timeline, segments: pieces.map((piece) => piece.segment) },
    segments: pieces.map((piece) => piece.framing),
    facts,
    shots,
  };
}

function lengthOf({ startSeconds, endSeconds }: ShotLayout): number {
  return endSeconds - startSeconds;
}
