/** What is visible of the source's picture, frame by frame. */
import type { SegmentFraming, View } from './framing.ts';

/** A box in shares of a picture. */
export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The views of a segment; null when all of the picture is shown. */
export function viewsOf(framing: SegmentFraming): readonly View[] | null {
  if (framing.kind === 'crop') {
    return [framing];
  }
  return framing.kind === 'panels' ? framing.panels.map((panel) => panel.view) : null;
}

/** What a view shows on a frame of its segment. */
export function rectAt({ path, widthShare, heightShare }: View, frame: number): Rect {
  let low = 0;
  let high = path.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((path[middle]?.frame ?? 0) <= frame) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const point = path[low] ?? { left: 0, top: 0 };
  return { left: point.left, top: point.top, width: widthShare, height: heightShare };
}

/** Whether the middle of a box lies inside another. */
export function holdsMiddle(rect: Rect, face: Rect): boolean {
  const x = face.left + face.width / 2;
  const y = face.top + face.height / 2;
  return x >= rect.left && x <= rect.left + rect.width && y >= rect.top && y <= rect.top + rect.height;
}
