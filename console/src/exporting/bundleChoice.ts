import type { Clip, Rendition } from '@carmic/contract';

type BundledClip = Pick<Clip, 'id' | 'state' | 'rank' | 'renditions'>;

/** Whether the files of a rendition can be had. */
export const canBundle = ({ state, isWithheld }: Pick<Rendition, 'state' | 'isWithheld'>): boolean => state === 'ready' && !isWithheld;

/** Clips that are not discarded, in their order. */
export function bundledClips<C extends BundledClip>(clips: readonly C[]): C[] {
  return clips.filter(({ state }) => state !== 'discarded').toSorted((a, b) => a.rank - b.rank);
}

/** What is chosen at first: everything there is of the clips that were kept, or of all where nobody has kept one yet. */
export function firstChoice(clips: readonly BundledClip[]): string[] {
  const kept = clips.filter(({ state, renditions }) => state === 'kept' && renditions.some(canBundle));
  return (kept.length > 0 ? kept : bundledClips(clips)).flatMap(({ renditions }) => renditions.filter(canBundle).map(({ id }) => id));
}

/** The list with all of `ids`, or without them where it had all. */
export function toggleAll(chosen: readonly string[], ids: readonly string[]): string[] {
  const others = chosen.filter((id) => !ids.includes(id));
  return ids.every((id) => chosen.includes(id)) ? others : [...others, ...ids];
}
