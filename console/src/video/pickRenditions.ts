import { type Aspect, aspects, type Rendition } from '@carmic/contract';

/** One rendition per format and caption language, in the order formats are offered: the newest that was not cancelled. */
export function pickRenditions(renditions: readonly Rendition[]): Rendition[] {
  const newest = new Map<string, Rendition>();
  for (const rendition of renditions) {
    const key = `${rendition.aspect} ${rendition.captionLanguage ?? ''}`;
    const known = newest.get(key);
    if (rendition.state !== 'cancelled' && (!known || known.createdAt <= rendition.createdAt)) {
      newest.set(key, rendition);
    }
  }
  return aspects.flatMap((aspect) => [...newest.values()].filter((rendition) => rendition.aspect === aspect));
}

/** The formats a clip has not been rendered in. */
export function missingAspects(renditions: readonly Rendition[]): Aspect[] {
  const there = new Set(pickRenditions(renditions).map((rendition) => rendition.aspect));
  return aspects.filter((aspect) => !there.has(aspect));
}
