/** Divides the finished picture among several parts of the source. */
import type { Layout } from '@carmic/contract';
import { type CameraShot, planCamera } from './cameraPath.ts';
import type { ShotPlan, Stretch } from './chooseLayout.ts';
import { type Cell, type CropShares, largestCrop, type Size, type View } from './framing.ts';
import type { Face } from './faceDetector.ts';
import { rectAt } from './views.ts';

export interface PanelRules {
  source: Size;
  output: Size;
  framesPerSecond: number;
}

/** A face takes about this much of the height of its panel. */
const faceInPanel = 0.34;
/** Pixels of the source are made at most this much larger for a face in a panel. */
const largestEnlargement = 2.5;
/** The camera's part beside a game, and the most a screen may take beside the speaker. */
const cameraShare = 0.36;
const largestScreenShare = 0.72;

/** The panels of a shot; null where its layout has none, does not fit this shape, or would show the same twice. Frames count from `firstFrame`. */
export function planPanels(plan: ShotPlan, firstFrame: number, rules: PanelRules): { view: View; cell: Cell }[] | null {
  const cells = cellsOf(plan.layout, plan.stretches.length, rules);
  if (cells === null) {
    return null;
  }
  const people = plan.stretches.map((stretch, index) => {
    const cell = cells.people[index] ?? wholeCell;
    return { cell, view: viewOf(stretch, cell, firstFrame, rules) };
  });
  if (cells.rest === null) {
    return plan.isWished || !showTheSame(people.map((panel) => panel.view)) ? people : null;
  }
  const shares = plan.layout === 'screen' ? { widthShare: 1, heightShare: 1 } : largestCrop(rules.source, sizeOf(cells.rest, rules));
  const point = { frame: 0, left: (1 - shares.widthShare) / 2, top: (1 - shares.heightShare) / 2 };
  return [...people, { cell: cells.rest, view: { ...shares, path: [point] } }];
}

/** Panels that have this much of the smaller one in common look like a mistake. */
const mostCommon = 0.3;

function showTheSame(views: readonly View[]): boolean {
  const boxes = views.map((view) => rectAt(view, 0));
  return boxes.some((a, index) =>
    boxes.slice(index + 1).some((b) => {
      const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
      const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
      return Math.max(0, width) * Math.max(0, height) > mostCommon * Math.min(a.width * a.height, b.width * b.height);
    }),
  );
}

const wholeCell: Cell = { left: 0, top: 0, width: 1, height: 1 };

function cellsOf(layout: Layout, count: number, { source, output }: PanelRules): { people: Cell[]; rest: Cell | null } | null {
  if (layout === 'split' || layout === 'grid') {
    return count < 2 ? null : { people: shareOut(count, output), rest: null };
  }
  if (layout === 'screen') {
    const height = output.width / (source.width / source.height) / output.height;
    const rest = { left: 0, top: 0, width: 1, height };
    return height > largestScreenShare ? null : { people: [{ left: 0, top: height, width: 1, height: 1 - height }], rest };
  }
  if (layout === 'gameplay') {
    const people = [{ left: 0, top: 0, width: 1, height: cameraShare }];
    return { people, rest: { left: 0, top: cameraShare, width: 1, height: 1 - cameraShare } };
  }
  return null;
}

/** Two and three in a row along the longer side, four in a square. */
function shareOut(count: number, output: Size): Cell[] {
  if (count === 4) {
    return [0, 1, 2, 3].map((index) => ({ left: (index % 2) / 2, top: Math.floor(index / 2) / 2, width: 0.5, height: 0.5 }));
  }
  return Array.from({ length: count }, (_, index) =>
    output.height > output.width
      ? { left: 0, top: index / count, width: 1, height: 1 / count }
      : { left: index / count, top: 0, width: 1 / count, height: 1 },
  );
}

function sizeOf(cell: Cell, { output }: PanelRules): Size {
  return { width: cell.width * output.width, height: cell.height * output.height };
}

function viewOf(stretch: Stretch, cell: Cell, firstFrame: number, rules: PanelRules): View {
  const faces = stretch.subjects.flatMap(({ points }) => points);
  const shares = zoomTo(
    faces.map((point) => point.face),
    sizeOf(cell, rules),
    rules,
  );
  const { framesPerSecond } = rules;
  const targets = (position: (face: Face) => number) =>
    faces.map(({ frame, face }) => ({ timeSeconds: (frame - firstFrame) / framesPerSecond, position: position(face) }));
  const shot: CameraShot = {
    firstFrame: stretch.firstFrame - firstFrame,
    endFrame: stretch.endFrame - firstFrame,
    horizontal: targets((face) => face.left + face.width / 2),
    vertical: targets((face) => face.top + face.height / 2),
  };
  return { ...shares, path: planCamera([shot], { ...shares, framesPerSecond }) };
}

/** A crop of the cell's shape in which the face has its usual size, no larger than the picture and no smaller than its pixels allow. */
function zoomTo(faces: readonly Face[], cell: Size, { source }: PanelRules): CropShares {
  const largest = largestCrop(source, cell);
  const faceHeight = faces.reduce((sum, face) => sum + face.height, 0) / Math.max(1, faces.length);
  const faceWidth = faces.reduce((sum, face) => sum + face.width, 0) / Math.max(1, faces.length);
  const leastHeight = cell.height / largestEnlargement / source.height;
  // Wide enough for the face as well, where the cell is narrow.
  const wanted = Math.max(faceHeight / faceInPanel, ((faceWidth * 1.6) / largest.widthShare) * largest.heightShare, leastHeight);
  const scale = Math.min(1, wanted / largest.heightShare);
  return { widthShare: largest.widthShare * scale, heightShare: largest.heightShare * scale };
}
