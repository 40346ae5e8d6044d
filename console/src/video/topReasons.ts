import type { Clip, ScorePart } from '@carmic/contract';

const shown = 3;

/**
 * The strongest reasons for this clip and not just any: what every clip of the video gets the same points for says nothing of
 * one of them. Where that leaves nothing (a single clip), the strongest reasons of all.
 */
export function topReasons(clip: Clip, siblings: readonly Clip[]): ScorePart[] {
  const good = clip.scoreParts.filter((part) => part.points > 0).sort((a, b) => b.points - a.points);
  const telling = good.filter((part) => siblings.some((sibling) => pointsOf(sibling, part.name) !== part.points));
  return (telling.length > 0 ? telling : good).slice(0, shown);
}

function pointsOf(clip: Clip, name: string): number {
  return clip.scoreParts.find((part) => part.name === name)?.points ?? 0;
}
