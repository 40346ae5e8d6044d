// @ts-check
/**
 * Finds faces in raw pictures: MediaPipe's BlazeFace (Bazarevsky et al. 2019), and on request its face mesh (Kartynnik et al. 2019) as a second look.
 */
import { answerQuestions } from '../neural/answerQuestions.mjs';
import { openModel } from '../neural/openModel.mjs';

/**
 * @typedef {{ bytes: Uint8Array, width: number, height: number }} Picture YUV 4:2:0, video range
 * @typedef {{ x: number, y: number, stepX: number, stepY: number }} Grid where the first sample lies, and how far apart they are, in pixels
 * @typedef {{ centreX: number, centreY: number, width: number, height: number, score: number }} Box in pixels of the detector's picture
 */

/** The detector sees every picture in this size, whatever its shape. */
const detectorSide = 256;
const meshSide = 192;
const leastScore = 0.25;
const mostFaces = 12;
/** Boxes that share more than this are one face. */
const sameFace = 0.1;
/** Boxes of the detector end at brow and chin; this much larger they are what the mesh was trained on. */
const enlargement = 1.4;
/** Cells of the detector's two exits, in pixels, and how many boxes each cell may hold. */
const exits = [
  { cell: 16, boxes: 2 },
  { cell: 32, boxes: 6 },
];
/** Points of the mesh: upper and lower lid, inner and outer corner of each eye. */
const eyes = [
  { lids: [159, 145], corners: [33, 133] },
  { lids: [386, 374], corners: [362, 263] },
];

/** Where pictures are put for the models; a fresh one for each would keep the garbage collector busy. */
const detectorInput = new Float32Array(detectorSide * detectorSide * 3);
const meshInput = new Float32Array(meshSide * meshSide * 3);

/** @type {ReturnType<typeof openModel> | undefined} */
let detector;
/** @type {ReturnType<typeof openModel> | undefined} */
let mesh;

/**
 * Samples a picture as RGB, each level times `gain` plus `offset`: bilinear brightness and the nearest colour (ITU-R BT.601; the models do not
 * mind the difference to BT.709). What lies outside of the picture is black.
 *
 * @param {Picture} picture
 * @param {Grid} grid
 * @param {number} side
 * @param {Float32Array} out
 * @param {number} gain
 * @param {number} offset
 */
function sample({ bytes, width, height }, { x: fromX, y: fromY, stepX, stepY }, side, out, gain, offset) {
  const half = width >> 1;
  const uAt = width * height;
  const vAt = uAt + half * (height >> 1);
  for (let row = 0, at = 0; row < side; row++) {
    const y = fromY + row * stepY;
    const isRow = y >= 0 && y <= height - 1;
    const upper = Math.floor(y) * width;
    const lower = Math.min(height - 1, Math.floor(y) + 1) * width;
    const down = y - Math.floor(y);
    const chroma = (Math.floor(y) >> 1) * half;
    for (let column = 0; column < side; column++, at += 3) {
      const x = fromX + column * stepX;
      if (!isRow || x < 0 || x > width - 1) {
        out[at] = out[at + 1] = out[at + 2] = offset;
        continue;
      }
      const left = Math.floor(x);
      const right = Math.min(width - 1, left + 1);
      const along = x - left;
      const top = bytes[upper + left] + (bytes[upper + right] - bytes[upper + left]) * along;
      const bottom = bytes[lower + left] + (bytes[lower + right] - bytes[lower + left]) * along;
      const luma = 1.164 * (top + (bottom - top) * down - 16);
      const u = bytes[uAt + chroma + (left >> 1)] - 128;
      const v = bytes[vAt + chroma + (left >> 1)] - 128;
      out[at] = clamp(luma + 1.596 * v) * gain + offset;
      out[at + 1] = clamp(luma - 0.392 * u - 0.813 * v) * gain + offset;
      out[at + 2] = clamp(luma + 2.017 * u) * gain + offset;
    }
  }
}

/** @param {number} value */
function clamp(value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * Boxes the detector is sure enough of, the surest first, in pixels of its own picture.
 *
 * @param {Picture} picture
 * @returns {Promise<Box[]>}
 */
async function findBoxes(picture) {
  detector ??= openModel(new URL('./faces.onnx', import.meta.url));
  const run = await detector;
  const grid = { x: 0, y: 0, stepX: picture.width / detectorSide, stepY: picture.height / detectorSide };
  sample(picture, grid, detectorSide, detectorInput, 1 / 127.5, -1);
  const answers = await run(detectorInput, [1, detectorSide, detectorSide, 3]);
  const found = exits.flatMap(({ cell, boxes }) => {
    const cells = detectorSide / cell;
    const answer = (/** @type {number} */ values) =>
      answers.find(({ dims }) => dims[1] === cells * cells * boxes && dims[2] === values)?.data;
    const [scores, places] = [answer(1), answer(16)];
    if (!scores || !places) {
      throw new Error('The face detector has exits of another shape.');
    }
    /** @type {Box[]} */
    const sure = [];
    scores.forEach((logit, index) => {
      const score = 1 / (1 + Math.exp(-logit));
      if (score > leastScore) {
        const at = Math.floor(index / boxes);
        const [x = 0, y = 0, width = 0, height = 0] = places.subarray(index * 16, index * 16 + 4);
        const centreX = x + cell * ((at % cells) + 0.5);
        const centreY = y + cell * (Math.floor(at / cells) + 0.5);
        sure.push({ centreX, centreY, width, height, score });
      }
    });
    return sure;
  });
  /** @type {Box[]} */
  const kept = [];
  for (const box of found.sort((a, b) => b.score - a.score)) {
    if (kept.length < mostFaces && kept.every((other) => overlap(box, other) <= sameFace)) {
      kept.push(box);
    }
  }
  return kept;
}

/** What two boxes share, against what both cover. @param {Box} a @param {Box} b */
function overlap(a, b) {
  const shared = (/** @type {'centreX' | 'centreY'} */ centre, /** @type {'width' | 'height'} */ length) =>
    Math.max(
      0,
      Math.min(a[centre] + a[length] / 2, b[centre] + b[length] / 2) - Math.max(a[centre] - a[length] / 2, b[centre] - b[length] / 2),
    );
  const both = shared('centreX', 'width') * shared('centreY', 'height');
  const all = a.width * a.height + b.width * b.height - both;
  return all > 0 ? both / all : 0;
}

/**
 * A square in shares of the picture.
 *
 * @param {Picture} picture
 * @param {{ centreX: number, centreY: number, side: number }} square in pixels of the picture
 */
function inShares({ width, height }, { centreX, centreY, side }) {
  return { left: (centreX - side / 2) / width, top: (centreY - side / 2) / height, width: side / width, height: side / height };
}

/**
 * Looks at one face again; null where no mesh fits.
 *
 * @param {Picture} picture
 * @param {{ centreX: number, centreY: number, side: number }} square
 */
async function lookAgain(picture, square) {
  mesh ??= openModel(new URL('./faceMesh.onnx', import.meta.url));
  const run = await mesh;
  const grid = {
    x: ((square.centreX - square.side / 2) * (picture.width - 1)) / picture.width,
    y: ((square.centreY - square.side / 2) * (picture.height - 1)) / picture.height,
    stepX: (square.side * (picture.width - 1)) / picture.width / (meshSide - 1),
    stepY: (square.side * (picture.height - 1)) / picture.height / (meshSide - 1),
  };
  sample(picture, grid, meshSide, meshInput, 1 / 255, 0);
  const answers = await run(meshInput, [1, meshSide, meshSide, 3]);
  const score = answers.find(({ dims }) => dims.at(-1) === 1)?.data[0];
  const points = answers.find(({ dims }) => dims.at(-1) === 1404)?.data;
  if (score === undefined || !points) {
    throw new Error('The face mesh has exits of another shape.');
  }
  if (score < leastScore) {
    return null;
  }
  const middle = (/** @type {number} */ axis) => {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = axis; at < points.length; at += 3) {
      least = Math.min(least, points[at] ?? 0);
      most = Math.max(most, points[at] ?? 0);
    }
    return ((least + most) / 2 / meshSide - 0.5) * square.side;
  };
  return { ...square, centreX: square.centreX + middle(0), centreY: square.centreY + middle(1), score, eyes: eyesOf(points) };
}

/** Height of both eyes against their width. @param {Float32Array} points */
function eyesOf(points) {
  const apart = ([a = 0, b = 0]) =>
    Math.hypot((points[a * 3] ?? 0) - (points[b * 3] ?? 0), (points[a * 3 + 1] ?? 0) - (points[b * 3 + 1] ?? 0));
  return eyes.reduce((sum, { lids, corners }) => sum + apart(lids) / Math.max(0.001, apart(corners)), 0) / eyes.length;
}

/**
 * @param {Picture & { isCareful: boolean }} request
 */
async function detect({ isCareful, ...picture }) {
  const boxes = await findBoxes(picture);
  const [across, down] = [picture.width / detectorSide, picture.height / detectorSide];
  const faces = [];
  for (const box of boxes) {
    const [centreX, centreY] = [box.centreX * across, box.centreY * down];
    if (isCareful) {
      const side = enlargement * Math.max(box.width * across, box.height * down);
      const seen = await lookAgain(picture, { centreX, centreY, side });
      if (seen) {
        faces.push({ ...inShares(picture, seen), score: box.score, meshScore: seen.score, eyes: seen.eyes });
      }
    } else {
      // Its boxes are square in the size it was given, which is not the picture's shape.
      const side = enlargement * Math.max(box.width, box.height) * Math.max(across, down);
      faces.push({ ...inShares(picture, { centreX, centreY, side }), score: box.score, meshScore: null, eyes: null });
    }
  }
  return faces;
}

answerQuestions(detect);
