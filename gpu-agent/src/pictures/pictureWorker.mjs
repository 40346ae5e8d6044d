// @ts-check
/**
 * Tells how likely pictures are nudity or sex: MobileNetV2Mid of nsfwjs 4.3.0 (MIT, its weights unchanged) on WebAssembly.
 *
 * A thread of its own, because a picture takes a tenth of a second in which nothing else would run. Plain JavaScript, so that it starts the
 * same way under every loader. It fetches nothing.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');
const wasm = require('@tensorflow/tfjs-backend-wasm');

const side = 224;
/** Places of what counts in its answer: drawing, hentai, neutral, porn, sexy. */
const hentai = 1;
const porn = 3;

/** @returns {Promise<any>} */
async function load() {
  wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist') + sep);
  await tf.setBackend('wasm');
  await tf.ready();
  const [description, bytes] = await Promise.all([
    readFile(new URL('./pictureModel.json.gz', import.meta.url)),
    readFile(new URL('./pictureModel.bin', import.meta.url)),
  ]);
  const { format, modelTopology, weightSpecs } = JSON.parse(gunzipSync(description).toString('utf8'));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return loadGraphModel({ load: async () => ({ format, modelTopology, weightSpecs, weightData }) });
}

/** @type {Promise<any> | undefined} */
let loading;

/**
 * @param {Uint8Array} rgb 224 by 224 pixels, 8 bits each
 * @returns {Promise<number>}
 */
async function judge(rgb) {
  loading ??= load();
  const model = await loading;
  const answer = tf.tidy(() => model.predict(tf.div(tf.tensor(Float32Array.from(rgb), [1, side, side, 3]), 255)));
  try {
    const shares = await answer.data();
    return Math.min(1, Math.max(0, (shares[hentai] ?? 0) + (shares[porn] ?? 0)));
  } finally {
    answer.dispose();
  }
}

parentPort?.on('message', ({ id, request }) => {
  judge(request.rgb).then(
    (score) => parentPort?.postMessage({ id, score }),
    (error) => parentPort?.postMessage({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
