// @ts-check
/**
 * Opens a neural network. Plain JavaScript, so that it starts the same way under every loader.
 *
 * One thread of its own for each: an agent renders several clips at once, and threads that wait for each other would cost more than they win.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** @type {typeof import('onnxruntime-node')} */
const { InferenceSession, Tensor } = createRequire(import.meta.url)('onnxruntime-node');

/**
 * @param {URL} file an ONNX model with one entrance, a picture
 * @returns {Promise<(picture: Float32Array, shape: readonly number[]) => Promise<{ dims: readonly number[], data: Float32Array }[]>>}
 *   runs the model and answers its exits in their order
 */
export async function openModel(file) {
  const options = /** @type {const} */ ({ intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
  const session = await InferenceSession.create(await readFile(file), options);
  const [entrance = ''] = session.inputNames;
  return async (picture, shape) => {
    const exits = await session.run({ [entrance]: new Tensor('float32', picture, shape) });
    return session.outputNames.flatMap((name) => {
      const exit = exits[name];
      return exit ? [{ dims: exit.dims, data: /** @type {Float32Array} */ (exit.data) }] : [];
    });
  };
}
