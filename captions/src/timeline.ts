/** Where the spans of the source land in the finished clip, counted in frames. */
import type { Probe, Span } from '@carmic/contract';

/** Frames per second as a fraction, so that 29.97 stays exact. */
export interface FrameRate {
  numerator: number;
  denominator: number;
}

export interface TimelineSegment {
  /** Where reading begins in the source, on the frame grid. */
  sourceSeconds: number;
  frames: number;
  /** Where it begins in the clip. */
  outSeconds: number;
  outFrame: number;
}

export interface Timeline {
  rate: FrameRate;
  segments: readonly TimelineSegment[];
  frameCount: number;
  durationSeconds: number;
}

const usualRates: readonly FrameRate[] = [
  { numerator: 24_000, denominator: 1001 },
  { numerator: 24, denominator: 1 },
  { numerator: 25, denominator: 1 },
  { numerator: 30_000, denominator: 1001 },
  { numerator: 30, denominator: 1 },
  { numerator: 48, denominator: 1 },
  { numerator: 50, denominator: 1 },
  { numerator: 60_000, denominator: 1001 },
  { numerator: 60, denominator: 1 },
];

/** Frames per second as a number. */
export function rateValue({ numerator, denominator }: FrameRate): number {
  return numerator / denominator;
}

/**
 * Chooses the clip's frame rate: the source's own where players know it, half of it where it is above `maxRate`, otherwise the next
 * usual rate, so that no source frame is lost.
 */
export function chooseFrameRate(sourceRate: number, maxRate: number): FrameRate {
  let rate = sourceRate;
  while (rate > maxRate * 1.005) {
    rate /= 2;
  }
  const allowed = usualRates.filter((usual) => rateValue(usual) <= maxRate * 1.005);
  const exact = allowed.find((usual) => Math.abs(rateValue(usual) - rate) < 0.005 * rate && Math.abs(rateValue(usual) - rate) < 0.02);
  return (
    exact ??
    allowed.find((usual) => rateValue(usual) >= rate - 0.02) ??
    allowed.at(-1) ?? { numerator: Math.max(1, Math.floor(maxRate)), denominator: 1 }
  );
}

/** Snaps an edit list to the frame grid. Spans outside the source are cut to it; what has no frame left is dropped. */
export function planTimeline(spans: readonly Span[], probe: Probe, maxRate: number): Timeline {
  const rate = chooseFrameRate(probe.frameRate, maxRate);
  const perSecond = rateValue(rate);
  const segments: TimelineSegment[] = [];
  let outFrame = 0;
  for (const span of spans) {
    const first = Math.round(span.startSeconds * perSecond);
    const last = Math.floor(Math.min(Math.round(span.endSeconds * perSecond), probe.durationSeconds * perSecond + 0.01));
    if (last > first) {
      segments.push({ sourceSeconds: first / perSecond, frames: last - first, outSeconds: outFrame / perSecond, outFrame });
      outFrame += last - first;
    }
  }
  return { rate, segments, frameCount: outFrame, durationSeconds: outFrame / perSecond };
}
