// @ts-check
/**
 * Finds faces in raw pictures: BlazeFace, and on request FaceMesh as a second look, both from @vladmandic/human on WebAssembly.
 *
 * A thread of its own, because a picture takes 40 ms in which nothing else would run. Plain JavaScript, so that it starts the same
 * way under every loader.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';

const require = createRequire(import.meta.url);
// The package exports its main file only; the build on WebAssembly lies beside it.
const libraryPath = join(dirname(require.resolve('@vladmandic/human')), 'human.node-wasm.js');
const modelsDirectory = join(dirname(libraryPath), '..', 'models') + sep;
const wasmDirectory = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist') + sep;

// The library fetches its models by URL, and Node's fetch knows no files. Nothing else may be fetched from here.
globalThis.fetch = async (input) => {
  const url = new URL(String(input));
  if (url.protocol !== 'file:') {
    throw new TypeError(`The face detector may not fetch ${url.protocol} URLs.`);
  }
  return new Response(new Uint8Array(await readFile(url)));
};

const off = { enabled: false };
const face = { enabled: true, iris: off, description: off, emotion: off, antispoof: off, liveness: off, attention: off };
const detector = { enabled: true, minConfidence: 0.25, maxDetected: 12, rotation: false, skipFrames: 0, skipTime: 0 };
const base = {
  backend: 'wasm',
  wasmPath: wasmDirectory,
  modelBasePath: pathToFileURL(modelsDirectory).href,
  debug: false,
  cacheSensitivity: 0,
  warmup: 'none',
  filter: off,
  body: off,
  hand: off,
  object: off,
  gesture: off,
  segmentation: off,
};
const quick = { face: { ...face, detector, mesh: off } };
const careful = { face: { ...face, detector, mesh: { enabled: true } } };

/** @returns {Promise<any>} The library has no types for this build. */
async function load() {
  const { default: Human } = require(libraryPath);
  const human = new Human({ ...base, ...careful });
  await human.init();
  await human.load();
  return human;
}

/** @type {Promise<any> | undefined} */
let loading;

/** The detector sees every picture in this size, whatever its shape. */
const detectorSide = 256;
/** Where pictures are put for the models; a fresh one for each would keep the garbage collector busy. */
let rgb = new Float32Array(0);

/**
 * From YUV 4:2:0 in video range to RGB (ITU-R BT.601; the models do not mind the difference to BT.709), bilinear where the size changes.
 *
 * @param {Uint8Array} bytes
 * @param {number} width
 * @param {number} height
 * @param {number} outWidth
 * @param {number} outHeight
 */
function toRgb(bytes, width, height, outWidth, outHeight) {
  const length = outWidth * outHeight * 3;
  rgb = rgb.length === length ? rgb : new Float32Array(length);
  const half = width >> 1;
  const uAt = width * height;
  const vAt = uAt + half * (height >> 1);
  for (let row = 0, at = 0; row < outHeight; row++) {
    const y = (row * height) / outHeight;
    const upper = Math.floor(y) * width;
    const lower = Math.min(height - 1, Math.floor(y) + 1) * width;
    const down = y - Math.floor(y);
    const chroma = (Math.floor(y) >> 1) * half;
    for (let column = 0; column < outWidth; column++, at += 3) {
      const x = (column * width) / outWidth;
      const left = Math.floor(x);
      const right = Math.min(width - 1, left + 1);
      const along = x - left;
      const top = bytes[upper + left] + (bytes[upper + right] - bytes[upper + left]) * along;
      const bottom = bytes[lower + left] + (bytes[lower + right] - bytes[lower + left]) * along;
      const luma = 1.164 * (top + (bottom - top) * down - 16);
      const u = bytes[uAt + chroma + (left >> 1)] - 128;
      const v = bytes[vAt + chroma + (left >> 1)] - 128;
      rgb[at] = clamp(luma + 1.596 * v);
      rgb[at + 1] = clamp(luma - 0.392 * u - 0.813 * v);
      rgb[at + 2] = clamp(luma + 2.017 * u);
    }
  }
  return rgb;
}

/** @param {number} value */
function clamp(value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * Height of both eyes against their width, by the points of MediaPipe's face mesh; null without a mesh.
 *
 * @param {[number, number, number][] | undefined} mesh
 */
function eyesOf(mesh) {
  if (!mesh || mesh.length < 468) {
    return null;
  }
  const apart = (/** @type {number} */ a, /** @type {number} */ b) => Math.hypot(mesh[a][0] - mesh[b][0], mesh[a][1] - mesh[b][1]);
  return (apart(159, 145) / Math.max(1, apart(33, 133)) + apart(386, 374) / Math.max(1, apart(362, 263))) / 2;
}

/**
 * The detector's box as a square in the picture. Its boxes are made half as large again as the face, for the models that come after, and
 * square in the size it was given, which for the first look is not the picture's shape.
 *
 * @param {[number, number, number, number]} box
 * @param {number} width
 * @param {number} height
 */
function squareBox([left, top, boxWidth, boxHeight], width, height) {
  const side = Math.max(boxWidth * width, boxHeight * height);
  return {
    left: left + (boxWidth - side / width) / 2,
    top: top + (boxHeight - side / height) / 2,
    width: side / width,
    height: side / height,
  };
}

/**
 * @param {{ bytes: Uint8Array, width: number, height: number, isCareful: boolean }} request
 */
async function detect({ bytes, width, height, isCareful }) {
  loading ??= load();
  const human = await loading;
  // The second look cuts faces out of the whole picture; the first would shrink it to the detector's size by costly detours.
  const [outWidth, outHeight] = isCareful ? [width, height] : [detectorSide, detectorSide];
  const picture = human.tf.tensor(toRgb(bytes, width, height, outWidth, outHeight), [1, outHeight, outWidth, 3]);
  try {
    const result = await human.detect(picture, isCareful ? careful : quick);
    if (result.error) {
      throw new Error(result.error);
    }
    return result.face.map((/** @type {any} */ found) => ({
      ...squareBox(found.boxRaw, width, height),
      score: found.boxScore,
      meshScore: isCareful ? found.faceScore : null,
      eyes: isCareful ? eyesOf(found.mesh) : null,
    }));
  } finally {
    picture.dispose();
  }
}

parentPort?.on('message', ({ id, request }) => {
  detect(request).then(
    (faces) => parentPort?.postMessage({ id, faces }),
    (error) => parentPort?.postMessage({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
