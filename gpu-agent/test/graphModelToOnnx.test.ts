import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { graphModelToOnnx } from '../../scripts/graphModelToOnnx.mjs';
import { openModel } from '../src/neural/openModel.mjs';
import { makeFolder } from './support/media.ts';

const folder = makeFolder();
afterAll(() => folder.remove());

const base64 = (text: string) => Buffer.from(text).toString('base64');
const ints = (...values: number[]) => ({ list: { i: values.map(String) } });
const picture = {
  name: 'in',
  op: 'Placeholder',
  attr: { shape: { shape: { dim: [{ size: '-1' }, { size: '2' }, { size: '3' }, { size: '2' }] } } },
};
const convolution = (fused: string[]) => ({
  ...{ name: 'conv', op: '_FusedConv2D', input: ['in', 'kernel', 'bias', 'slope'] },
  attr: { strides: ints(1, 1, 1, 1), padding: { s: base64('SAME') }, fused_ops: { list: { s: fused.map(base64) } } },
});
const out = { name: 'out', op: 'Identity', input: ['conv'] };

/** Three kinds of weights: a kernel of 2 by 1 over two channels in 8 bits, biases in 32, slopes in 16. */
const weightSpecs = [
  { name: 'kernel', shape: [2, 1, 2, 2], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
  { name: 'bias', shape: [2], dtype: 'float32' },
  { name: 'slope', shape: [1, 1, 2], dtype: 'float32', quantization: { dtype: 'float16' } },
];
const kernel = [0, 1, 2, 3, 4, 5, 6, 7];
const weights = Buffer.concat([Buffer.from(kernel), Buffer.from(new Float32Array([0.25, -3]).buffer), Buffer.from([0, 0x38, 0, 0x34])]);
const half = [0.5, 0.25];

it('a graph model gives the same numbers as ONNX, whatever its weights are stored as', async () => {
  const file = join(folder.path, 'tiny.onnx');
  writeFileSync(
    file,
    graphModelToOnnx({ weightSpecs, modelTopology: { node: [picture, convolution(['BiasAdd', 'Prelu']), out] } }, weights),
  );
  const run = await openModel(pathToFileURL(file));
  const levels = Float32Array.from({ length: 12 }, (_, i) => i - 6);
  const [answer] = await run(levels, [1, 2, 3, 2]);
  expect(answer?.dims).toEqual([1, 2, 2, 3]);

  // By hand, from the definition: rows go down, the row below the picture is empty, channels come last.
  const expected: number[] = [];
  for (const to of [0, 1]) {
    for (let at = 0; at < 6; at++) {
      let sum = [0.25, -3][to] ?? 0;
      for (let tap = 0; tap < 4; tap++) {
        const below = Math.floor(tap / 2) * 6;
        sum += (levels[at * 2 + (tap % 2) + below] ?? 0) * ((kernel[tap * 2 + to] ?? 0) * 0.5 - 1);
      }
      expected.push(sum < 0 ? sum * (half[to] ?? 0) : sum);
    }
  }
  expect([...(answer?.data ?? [])]).toEqual(expected.map((value) => expect.closeTo(value, 4)));
});

it('what is not known is refused by name', () => {
  const strange = { name: 'odd', op: 'LSTM', input: ['in'] };
  expect(() => graphModelToOnnx({ weightSpecs, modelTopology: { node: [picture, strange] } }, weights)).toThrow('odd: LSTM is not known.');
  const activation = { weightSpecs, modelTopology: { node: [picture, convolution(['BiasAdd', 'Elu']), out] } };
  expect(() => graphModelToOnnx(activation, weights)).toThrow('conv: Elu is not known.');
  expect(() => graphModelToOnnx({ weightSpecs, modelTopology: { node: [picture, out] } }, weights.subarray(1))).toThrow('are described');
});
