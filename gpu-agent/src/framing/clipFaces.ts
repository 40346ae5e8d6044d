/** Where faces stand in the finished picture. */
import type { SeenFace } from '@carmic/captions';
import type { Piece } from './buildFraming.ts';
import type { LayoutRules } from './chooseLayout.ts';
import type { Cell } from './framing.ts';
import { faceAt } from './tracks.ts';
import { holdsMiddle, type Rect, rectAt, viewsOf } from './views.ts';

const everySeconds = 0.4;

/** Faces of the foreground in shares of the clip's picture, every few tenths of a second. */
export function listClipFaces(pieces: readonly Piece[], rules: LayoutRules): SeenFace[] {
  return pieces.flatMap((piece) => facesOf(piece, rules));
}

function facesOf(piece: Piece, rules: LayoutRules): SeenFace[] {
  const { framing, firstFrame, endFrame, segment, plans } = piece;
  const step = Math.max(1, Math.round(everySeconds * rules.framesPerSecond));
  const views = viewsOf(framing);
  const cells = framing.kind === 'panels' ? framing.panels.map((panel) => panel.cell) : [wholeCell];
  const faces: SeenFace[] = [];
  for (let frame = firstFrame; frame < endFrame; frame += step) {
    const startSeconds = segment.outSeconds + (frame - firstFrame) / rules.framesPerSecond;
    const endSeconds = startSeconds + Math.min(step, endFrame - frame) / rules.framesPerSecond;
    const plan = plans.find(({ shot }) => frame >= shot.firstFrame && frame < shot.endFrame);
    for (const track of plan?.people ?? []) {
      const face = faceAt(track.points, frame, step);
      if (face === null) {
        continue;
      }
      if (views === null) {
        faces.push({ startSeconds, endSeconds, ...place(face, wholeView, fittedCell(rules)) });
      }
      for (const [index, view] of (views ?? []).entries()) {
        const rect = rectAt(view, frame - firstFrame);
        if (holdsMiddle(rect, face)) {
          faces.push({ startSeconds, endSeconds, ...place(face, rect, cells[index] ?? wholeCell) });
        }
      }
    }
  }
  return faces;
}

const wholeCell: Cell = { left: 0, top: 0, width: 1, height: 1 };
const wholeView: Rect = wholeCell;

/** The cell of the whole picture over a blur. */
function fittedCell({ source, output }: LayoutRules): Cell {
  const scale = Math.min(output.width / source.width, output.height / source.height);
  const width = (source.width * scale) / output.width;
  const height = (source.height * scale) / output.height;
  return { left: (1 - width) / 2, top: (1 - height) / 2, width, height };
}

function place(face: Rect, view: Rect, cell: Cell): Rect {
  return {
    left: cell.left + ((face.left - view.left) / view.width) * cell.width,
    top: cell.top + ((face.top - view.top) / view.height) * cell.height,
    width: (face.width / view.width) * cell.width,
    height: (face.height / view.height) * cell.height,
  };
}
