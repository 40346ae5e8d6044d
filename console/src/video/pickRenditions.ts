import { type Aspect, aspects, type Rendition } from '@carmic/contract';

/** One rendition per format, in the order formats are offered: the newest that was not cancelled. */
export function pickRenditions(renditions: readonly Rendition[]): Rendition[] {
  const newest = new Map<Aspect, Rendition>();
  for (const rendition of renditions) {
    const known = newest.get(rendition.aspect);
    if (rendition.state !== 'cancelled' && (!known || known.createdAt <= rendition.createdAt)) {
      newest.set(rendition.aspect, rendition);
    }
  }
  return aspects.flatMap((aspect) => newest.get(aspect) ?? []);
}

/** The formats a clip has not been rendered in. */
export function missingAspects(renditions: readonly Rendition[]): Aspect[] {
  const there = new Set(pickRenditions(renditions).map((rendition) => rendition.aspect));
  return aspects.filter((aspect) => !there.has(aspect));
}
