import type { Clip, CoverChoice, Rendition, Video } from '@carmic/contract';

/**
 * Media URLs are signed anew with every answer, while what they name never changes. A player whose URL changes starts over, so
 * a URL that is there is kept until the page asks for a fresh one. Downloads are fetched fresh and are not kept.
 */
export function keepVideoMedia(before: Video | null | undefined, after: Video): Video {
  if (!before || before.id !== after.id) {
    return after;
  }
  return {
    ...after,
    media: {
      proxyUrl: after.media.proxyUrl && (before.media.proxyUrl ?? after.media.proxyUrl),
      thumbnailUrl: after.media.thumbnailUrl && (before.media.thumbnailUrl ?? after.media.thumbnailUrl),
    },
  };
}

/** The same for the renditions of clips. */
export function keepClipMedia(before: readonly Clip[], after: readonly Clip[]): Clip[] {
  const known = new Map(before.flatMap((clip) => clip.renditions).map((rendition) => [rendition.id, rendition]));
  return after.map((clip) => ({
    ...clip,
    renditions: clip.renditions.map((rendition) => keepRenditionMedia(known.get(rendition.id), rendition, clip.cover)),
  }));
}

function keepRenditionMedia(before: Rendition | undefined, after: Rendition, cover: CoverChoice): Rendition {
  if (!before || before.editVersion !== after.editVersion) {
    return after;
  }
  const coverUrls = before.media.coverUrls.length === after.media.coverUrls.length ? before.media.coverUrls : after.media.coverUrls;
  return {
    ...after,
    media: {
      ...after.media,
      videoUrl: after.media.videoUrl && (before.media.videoUrl ?? after.media.videoUrl),
      // As the server chooses it.
      coverUrl: coverUrls[cover - 1] ?? coverUrls[0] ?? null,
      coverUrls,
    },
  };
}
