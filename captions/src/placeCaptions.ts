/** Chooses where each caption stands: below, unless a face is there and another place is free. */
import type { PlacedCaption } from './ass.ts';
import type { Caption } from './layCaptions.ts';
import type { CaptionPlace, ResolvedLook } from './look.ts';

/** A face in the finished picture, in shares of its sides, and when it is there on the clip's time line. */
export interface SeenFace {
  startSeconds: number;
  endSeconds: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Places in the order they are tried. */
const order: readonly CaptionPlace[] = ['bottom', 'top', 'middle'];
/** A face that is covered less than this is not covered: chins and hair. */
const toleratedShare = 0.04;

/** Places captions. A caption stays where the one before it was when that place is free, because jumping text is hard to read. */
export function placeCaptions(captions: readonly Caption[], look: ResolvedLook, faces: readonly SeenFace[]): PlacedCaption[] {
  let last: CaptionPlace = 'bottom';
  return captions.map((caption) => {
    if (look.place !== null) {
      return { ...caption, place: look.place };
    }
    const covered = (place: CaptionPlace) => coveredShare(captionBox(caption, place, look), caption, faces, look);
    if (covered('bottom') <= toleratedShare) {
      last = 'bottom';
    } else if (covered(last) > toleratedShare) {
      last = order.reduce((best, place) => (covered(place) < covered(best) - 1e-6 ? place : best));
    }
    return { ...caption, place: last };
  });
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The box of a caption in pixels: libass gives every line the height of the text size. */
export function captionBox(caption: Caption, place: CaptionPlace, { width, height, fontSize, safe, outline }: ResolvedLook): Box {
  const tall = caption.lines.length * fontSize * caption.scale + 2 * outline;
  const top = place === 'top' ? safe.top - outline : place === 'bottom' ? height - safe.bottom - tall + outline : (height - tall) / 2;
  return { left: safe.side, right: width - safe.side, top, bottom: top + tall };
}

/** The largest share of a face that the box covers while the caption is shown. */
export function coveredShare(box: Box, { startSeconds, endSeconds }: Caption, faces: readonly SeenFace[], look: ResolvedLook): number {
  let most = 0;
  for (const face of faces) {
    if (face.endSeconds <= startSeconds || face.startSeconds >= endSeconds) {
      continue;
    }
    const [left, top] = [face.left * look.width, face.top * look.height];
    const [width, height] = [face.width * look.width, face.height * look.height];
    const across = Math.min(box.right, left + width) - Math.max(box.left, left);
    const down = Math.min(box.bottom, top + height) - Math.max(box.top, top);
    if (across > 0 && down > 0 && width > 0 && height > 0) {
      most = Math.max(most, (across * down) / (width * height));
    }
  }
  return most;
}
