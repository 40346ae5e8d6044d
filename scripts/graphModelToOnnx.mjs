// @ts-check
/**
 * Turns a TensorFlow.js graph model (its JSON and its weights) into an ONNX file, without touching a weight: what is stored as 8 or 16
 * bits stays so and becomes numbers when the model is loaded. Pictures stay height by width by channel at the entrance.
 *
 *     node scripts/graphModelToOnnx.mjs model.json weights.bin out.onnx
 *
 * The agent's models were made by it once (docs/decisions/neural-networks.md). It knows the operations they use and refuses others.
 * Formats: tfjs-converter `graph_json_version`, and `onnx.proto3` (opset 13) written by hand, since nothing maintained writes it in JavaScript.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

/**
 * @typedef {{ name: string, op: string, input?: string[], attr?: Record<string, any> }} GraphNode
 * @typedef {{ name: string, shape: number[], dtype: string, quantization?: { dtype: string, scale?: number, min?: number } }} WeightSpec
 * @typedef {{ shape: number[], type: number, width: number, bytes: Uint8Array, scale?: number, min?: number }} Weight
 */

/** Element types of `TensorProto`. */
const types = { float32: 1, uint8: 2, int32: 6, int64: 7, float16: 10 };
/** @type {Record<string, { type: number, width: number }>} */
const stored = {
  float32: { type: types.float32, width: 4 },
  int32: { type: types.int32, width: 4 },
  uint8: { type: types.uint8, width: 1 },
  float16: { type: types.float16, width: 2 },
};

/** @param {number | bigint} value */
function varint(value) {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) {
      return Buffer.from([...bytes, Number(rest)]);
    }
    bytes.push(Number(rest & 127n) | 128);
  }
}

/** @param {number} field @param {number | bigint} value */
const whole = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
/** @param {number} field @param {Uint8Array | string} value */
const part = (field, value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
};
/** @param {(Uint8Array | Uint8Array[])[]} parts */
const join = (...parts) => Buffer.concat(parts.flat());

/** @param {string} name @param {number} value */
const intAttribute = (name, value) => part(5, join(part(1, name), whole(3, value), whole(20, 2)));
/** @param {string} name @param {readonly number[]} values */
const intsAttribute = (name, values) =>
  part(
    5,
    join(
      part(1, name),
      values.map((value) => whole(8, value)),
      whole(20, 7),
    ),
  );
/** @param {string} name @param {string} value */
const textAttribute = (name, value) => part(5, join(part(1, name), part(4, value), whole(20, 3)));
/** @param {string} name @param {number} type @param {readonly number[]} shape @param {Uint8Array} bytes */
const tensor = (name, type, shape, bytes) =>
  part(
    5,
    join(
      shape.map((length) => whole(1, length)),
      whole(2, type),
      part(8, name),
      part(9, bytes),
    ),
  );
/** @param {number} field @param {string} name @param {readonly number[] | null} shape */
const valueInfo = (field, name, shape) =>
  part(
    field,
    join(
      part(1, name),
      part(
        2,
        part(1, join(whole(1, types.float32), shape === null ? [] : part(2, join(...shape.map((length) => part(1, whole(1, length))))))),
      ),
    ),
  );

/** @param {number} value */
function floatBytes(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

/** @param {readonly number[]} values */
const longBytes = (values) => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);

/** @param {readonly WeightSpec[]} specs @param {Uint8Array} bytes @returns {Map<string, Weight>} */
function readWeights(specs, bytes) {
  const weights = new Map();
  let at = 0;
  for (const { name, shape, dtype, quantization } of specs) {
    const kind = stored[quantization?.dtype ?? dtype];
    if (!kind) {
      throw new Error(`Weights of type ${quantization?.dtype ?? dtype} are not known.`);
    }
    const length = shape.reduce((product, size) => product * size, 1) * kind.width;
    const scaling = quantization?.dtype === 'uint8' ? { scale: quantization.scale ?? 1, min: quantization.min ?? 0 } : {};
    weights.set(name, { shape, ...kind, bytes: bytes.subarray(at, at + length), ...scaling });
    at += length;
  }
  if (at !== bytes.length) {
    throw new Error(`The weights have ${bytes.length} bytes, and ${at} are described.`);
  }
  return weights;
}

/** The elements of a weight in another order of its axes. @param {Weight} weight @param {readonly number[]} order @returns {Weight} */
function transpose(weight, order) {
  const { shape, width, bytes } = weight;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const turned = order.map((axis) => shape[axis] ?? 1);
  const out = new Uint8Array(bytes.length);
  const place = turned.map(() => 0);
  for (let at = 0; at < bytes.length; at += width) {
    const from = order.reduce((sum, axis, index) => sum + (place[index] ?? 0) * (strides[axis] ?? 1), 0) * width;
    out.set(bytes.subarray(from, from + width), at);
    for (let axis = place.length - 1; axis >= 0; axis--) {
      place[axis] = (place[axis] ?? 0) + 1;
      if ((place[axis] ?? 0) < (turned[axis] ?? 1)) {
        break;
      }
      place[axis] = 0;
    }
  }
  return { ...weight, shape: turned, bytes: out };
}

/**
 * @param {{ modelTopology: { node: GraphNode[] }, weightSpecs?: WeightSpec[], weightsManifest?: { weights: WeightSpec[] }[] }} model
 * @param {Uint8Array} weightBytes
 * @returns {Buffer} the ONNX file
 * @throws {Error} for an operation, type or layout that is not known
 */
export function graphModelToOnnx(model, weightBytes) {
  const specs = model.weightSpecs ?? (model.weightsManifest ?? []).flatMap(({ weights }) => weights);
  const weights = readWeights(specs, weightBytes);
  /** @type {Buffer[]} */
  const nodes = [];
  /** @type {Buffer[]} */
  const initializers = [];
  /** @type {string[]} */
  const outputs = [];
  /** @type {{ name: string, shape: number[] } | undefined} */
  let entrance;
  const written = new Set();

  /** @param {string} op @param {string[]} inputs @param {string} output @param {Buffer[]} [attributes] */
  const add = (op, inputs, output, attributes = []) => {
    nodes.push(
      part(
        1,
        join(
          inputs.map((input) => part(1, input)),
          part(2, output),
          part(3, output),
          part(4, op),
          attributes,
        ),
      ),
    );
    return output;
  };
  /** @param {string} name @returns {Weight} */
  const weightOf = (name) => {
    const weight = weights.get(name);
    if (!weight) {
      throw new Error(`${name} is no weight.`);
    }
    return weight;
  };
  /** Writes a weight once, as floats when the model runs. @param {string} name @param {Weight} weight */
  const put = (name, weight) => {
    if (!written.has(name)) {
      written.add(name);
      const { type, shape, bytes, scale, min } = weight;
      if (type === types.float32) {
        initializers.push(tensor(name, type, shape, bytes));
      } else {
        initializers.push(tensor(`${name}/stored`, type, shape, bytes));
        const number = add('Cast', [`${name}/stored`], scale === undefined ? name : `${name}/cast`, [intAttribute('to', types.float32)]);
        if (scale !== undefined) {
          initializers.push(tensor(`${name}/scale`, types.float32, [], floatBytes(scale)));
          initializers.push(tensor(`${name}/min`, types.float32, [], floatBytes(min ?? 0)));
          add('Add', [add('Mul', [number, `${name}/scale`], `${name}/scaled`), `${name}/min`], name);
        }
      }
    }
    return name;
  };
  /** @param {string} name */
  const numbersOf = (name) => {
    const { bytes } = weightOf(name);
    return [...new Int32Array(Uint8Array.from(bytes).buffer)];
  };
  /** @param {string} name @param {readonly number[]} values */
  const putLongs = (name, values) => {
    initializers.push(tensor(name, types.int64, [values.length], longBytes(values)));
    return name;
  };
  /** Broadcast along channels. @param {string} name */
  const perChannel = (name) => {
    const weight = weightOf(name);
    const channels = weight.shape.at(-1) ?? 1;
    return put(name, { ...weight, shape: weight.shape.length === 0 ? [] : [channels, 1, 1] });
  };

  for (const node of model.modelTopology.node) {
    const inputs = (node.input ?? []).filter((input) => !input.startsWith('^'));
    const [first = '', second = '', third = '', fourth = ''] = inputs;
    const { attr = {}, name, op } = node;
    const text = (/** @type {{ s: string }} */ value) => Buffer.from(value.s, 'base64').toString();
    const spatial = (/** @type {{ list: { i: string[] } }} */ value) => value.list.i.slice(1, 3).map(Number);
    const isSame = attr.padding && text(attr.padding) === 'SAME';
    const padding = textAttribute('auto_pad', isSame ? 'SAME_UPPER' : 'VALID');
    /** @param {string[]} from @param {Buffer[]} attributes @param {string} [kind] */
    const fused = (from, attributes, kind = 'Conv') => {
      const after = (attr.fused_ops?.list.s ?? []).map((/** @type {string} */ s) => Buffer.from(s, 'base64').toString());
      const activation = after.find((/** @type {string} */ step) => step !== 'BiasAdd');
      const direct = add(kind, from, activation ? `${name}/direct` : name, attributes);
      if (activation === 'Relu') {
        add('Relu', [direct], name);
      } else if (activation === 'Relu6') {
        initializers.push(
          tensor(`${name}/zero`, types.float32, [], floatBytes(0)),
          tensor(`${name}/six`, types.float32, [], floatBytes(6)),
        );
        add('Clip', [direct, `${name}/zero`, `${name}/six`], name);
      } else if (activation === 'Prelu') {
        add('PRelu', [direct, perChannel(fourth)], name);
      } else if (activation !== undefined) {
        throw new Error(`${name}: ${activation} is not known.`);
      }
    };
    switch (op) {
      case 'Const':
        break;
      case 'Placeholder': {
        const shape = attr.shape.shape.dim.map((/** @type {{ size: string }} */ dim) => Math.max(1, Number(dim.size)));
        entrance = { name: `${name}/picture`, shape };
        add('Transpose', [entrance.name], name, [intsAttribute('perm', [0, 3, 1, 2])]);
        break;
      }
      case '_FusedConv2D': {
        put(second, transpose(weightOf(second), [3, 2, 0, 1]));
        fused([first, second, put(third, weightOf(third))], [intsAttribute('strides', spatial(attr.strides)), padding]);
        break;
      }
      case 'DepthwiseConv2dNative':
      case 'FusedDepthwiseConv2dNative': {
        const weight = weightOf(second);
        put(second, transpose(weight, [2, 3, 0, 1]));
        const bias = third === '' ? [] : [put(third, weightOf(third))];
        const attributes = [intsAttribute('strides', spatial(attr.strides)), padding, intAttribute('group', weight.shape[2] ?? 1)];
        fused([first, second, ...bias], attributes);
        break;
      }
      case 'AddV2':
      case 'Sub':
      case 'Mul': {
        const sides = [first, second].map((side) => (weights.has(side) ? perChannel(side) : side));
        add(op === 'AddV2' ? 'Add' : op, sides, name);
        break;
      }
      case 'Prelu':
        add('PRelu', [first, perChannel(second)], name);
        break;
      case 'Relu':
      case 'Sigmoid':
      case 'Softmax':
        add(op, [first], name);
        break;
      case 'MaxPool':
      case 'AvgPool':
        add(op === 'MaxPool' ? op : 'AveragePool', [first], name, [
          intsAttribute('kernel_shape', spatial(attr.ksize)),
          intsAttribute('strides', spatial(attr.strides)),
          padding,
        ]);
        break;
      case 'Pad': {
        const pads = numbersOf(second);
        const [before, after] = [0, 1].map((end) => [0, 3, 1, 2].map((axis) => pads[axis * 2 + end] ?? 0));
        add('Pad', [first, putLongs(`${name}/pads`, [...(before ?? []), ...(after ?? [])])], name);
        break;
      }
      case 'Reshape': {
        const turned = add('Transpose', [first], `${name}/turned`, [intsAttribute('perm', [0, 2, 3, 1])]);
        add('Reshape', [turned, putLongs(`${name}/shape`, numbersOf(second))], name);
        break;
      }
      case 'Squeeze':
        add('Squeeze', [first, putLongs(`${name}/axes`, [2, 3])], name);
        break;
      case '_FusedMatMul':
        fused([first, put(second, weightOf(second)), put(third, weightOf(third))], [], 'Gemm');
        break;
      case 'Identity':
        outputs.push(add('Identity', [first], name));
        break;
      default:
        throw new Error(`${name}: ${op} is not known.`);
    }
  }
  if (!entrance || outputs.length === 0) {
    throw new Error('The model has no entrance or no exit.');
  }
  const graph = join(
    nodes,
    part(2, 'model'),
    initializers,
    valueInfo(11, entrance.name, entrance.shape),
    outputs.map((output) => valueInfo(12, output, null)),
  );
  return join(whole(1, 8), part(7, graph), part(8, join(part(1, ''), whole(2, 13))));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [description, weightsFile, out] = process.argv.slice(2);
  if (!description || !weightsFile || !out) {
    process.stderr.write('Usage: node scripts/graphModelToOnnx.mjs model.json[.gz] weights.bin out.onnx\n');
    process.exit(64);
  }
  const text = readFileSync(description);
  const model = JSON.parse((description.endsWith('.gz') ? gunzipSync(text) : text).toString('utf8'));
  writeFileSync(out, graphModelToOnnx(model, readFileSync(weightsFile)));
}
