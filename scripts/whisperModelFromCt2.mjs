/**
 * Turns a Whisper model in CTranslate2's format (16-bit weights) into the ggml format that whisper.cpp reads. Used only to test
 * transcription with real weights where no ggml file can be had. Formats: CTranslate2 `model_spec.py` (binary version 6), whisper.cpp
 * `models/convert-pt-to-ggml.py`.
 */

const sizes = { 0: 4, 4: 2 };

/** Reads the variables of a CTranslate2 `model.bin`: name -> {shape, type, data}. Types: 0 is float32, 4 is float16. */
function readVariables(bytes) {
  let at = 0;
  const u8 = () => bytes[at++];
  const u16 = () => {
    at += 2;
    return bytes.readUInt16LE(at - 2);
  };
  const u32 = () => {
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const text = () => {
    const length = u16();
    at += length;
    return bytes.toString('utf8', at - length, at - 1);
  };
  const version = u32();
  const spec = text();
  if (version !== 6 || spec !== 'WhisperSpec') {
    throw new Error(`Not a Whisper model of CTranslate2 binary version 6: ${spec} ${version}`);
  }
  u32();
  const variables = new Map();
  for (let left = u32(); left > 0; left -= 1) {
    const name = text();
    const shape = Array.from({ length: u8() }, u32);
    const type = u8();
    const byteCount = u32();
    variables.set(name, { shape, type, data: bytes.subarray(at, at + byteCount) });
    at += byteCount;
  }
  return variables;
}

function halfToFloat(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) {
    return sign * 2 ** -14 * (fraction / 1024);
  }
  return exponent === 31 ? sign * (fraction === 0 ? Infinity : NaN) : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

function asFloat32(data, type) {
  if (type === 0) {
    return Buffer.from(data);
  }
  const count = data.length / 2;
  const out = Buffer.alloc(count * 4);
  for (let i = 0; i < count; i += 1) {
    out.writeFloatLE(halfToFloat(data.readUInt16LE(i * 2)), i * 4);
  }
  return out;
}

/** Slaney's mel filters as librosa computes them for 16 kHz and a 400-point transform: `melCount` rows of 201. */
function melFilters(melCount) {
  const toMel = (hz) => (hz < 1000 ? (hz * 3) / 200 : 15 + Math.log(hz / 1000) / (Math.log(6.4) / 27));
  const toHz = (mel) => (mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp((Math.log(6.4) / 27) * (mel - 15)));
  const points = Array.from({ length: melCount + 2 }, (_, i) => toHz((toMel(8000) * i) / (melCount + 1)));
  const filters = new Float32Array(melCount * 201);
  for (let mel = 0; mel < melCount; mel += 1) {
    for (let bin = 0; bin < 201; bin += 1) {
      const hz = bin * 40;
      const rise = (hz - points[mel]) / (points[mel + 1] - points[mel]);
      const fall = (points[mel + 2] - hz) / (points[mel + 2] - points[mel + 1]);
      filters[mel * 201 + bin] = (Math.max(0, Math.min(rise, fall)) * 2) / (points[mel + 2] - points[mel]);
    }
  }
  return filters;
}

/** Byte of each character of GPT-2's printable alphabet. */
function byteOfCharacter() {
  const bytes = [];
  for (let b = 0; b < 256; b += 1) {
    if ((b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255)) {
      bytes.push([String.fromCharCode(b), b]);
    }
  }
  const taken = new Set(bytes.map(([, b]) => b));
  let next = 256;
  for (let b = 0; b < 256; b += 1) {
    if (!taken.has(b)) {
      bytes.push([String.fromCharCode(next), b]);
      next += 1;
    }
  }
  return new Map(bytes);
}

function readVocabulary(tokenizer) {
  const characters = byteOfCharacter();
  const entries = Object.entries(tokenizer.model.vocab).sort((a, b) => a[1] - b[1]);
  const plain = entries.filter(([token]) => !/^<\|.*\|>$/.test(token));
  return plain.map(([token]) => Buffer.from([...token].map((character) => characters.get(character) ?? 32)));
}

/** Rows from..to (of `parts` equal parts) of a matrix or vector. */
function slice(variable, part, parts) {
  const length = variable.data.length / parts;
  return {
    shape: [variable.shape[0] / parts, ...variable.shape.slice(1)],
    type: variable.type,
    data: variable.data.subarray(part * length, (part + 1) * length),
  };
}

function* tensorsOf(variables) {
  const get = (name) => {
    const found = variables.get(name);
    if (found === undefined || sizes[found.type] === undefined) {
      throw new Error(`The model has no usable ${name}; only 16 and 32-bit weights can be converted.`);
    }
    return found;
  };
  const layerCount = (side) =>
    new Set([...variables.keys()].map((name) => new RegExp(`^${side}/layer_(\\d+)/`).exec(name)?.[1]).filter(Boolean)).size;
  const norm = function* (to, from) {
    yield [`${to}.weight`, get(`${from}/gamma`)];
    yield [`${to}.bias`, get(`${from}/beta`)];
  };
  const linear = function* (to, from, part = 0, parts = 1, hasBias = true) {
    yield [`${to}.weight`, slice(get(`${from}/weight`), part, parts)];
    if (hasBias) {
      yield [`${to}.bias`, slice(get(`${from}/bias`), part, parts)];
    }
  };
  yield ['encoder.positional_embedding', get('encoder/position_encodings/encodings')];
  for (const name of ['conv1', 'conv2']) {
    yield [`encoder.${name}.weight`, get(`encoder/${name}/weight`)];
    yield [`encoder.${name}.bias`, get(`encoder/${name}/bias`)];
  }
  yield* norm('encoder.ln_post', 'encoder/layer_norm');
  yield ['decoder.positional_embedding', get('decoder/position_encodings/encodings')];
  yield ['decoder.token_embedding.weight', get('decoder/embeddings/weight')];
  yield* norm('decoder.ln', 'decoder/layer_norm');
  for (const side of ['encoder', 'decoder']) {
    for (let i = 0; i < layerCount(side); i += 1) {
      const from = `${side}/layer_${i}`;
      const to = `${side}.blocks.${i}`;
      yield* norm(`${to}.attn_ln`, `${from}/self_attention/layer_norm`);
      yield* linear(`${to}.attn.query`, `${from}/self_attention/linear_0`, 0, 3);
      yield* linear(`${to}.attn.key`, `${from}/self_attention/linear_0`, 1, 3, false);
      yield* linear(`${to}.attn.value`, `${from}/self_attention/linear_0`, 2, 3);
      yield* linear(`${to}.attn.out`, `${from}/self_attention/linear_1`);
      if (side === 'decoder') {
        yield* norm(`${to}.cross_attn_ln`, `${from}/attention/layer_norm`);
        yield* linear(`${to}.cross_attn.query`, `${from}/attention/linear_0`);
        yield* linear(`${to}.cross_attn.key`, `${from}/attention/linear_1`, 0, 2, false);
        yield* linear(`${to}.cross_attn.value`, `${from}/attention/linear_1`, 1, 2);
        yield* linear(`${to}.cross_attn.out`, `${from}/attention/linear_2`);
      }
      yield* norm(`${to}.mlp_ln`, `${from}/ffn/layer_norm`);
      yield* linear(`${to}.mlp.0`, `${from}/ffn/linear_0`);
      yield* linear(`${to}.mlp.2`, `${from}/ffn/linear_1`);
    }
  }
}

function int32s(...values) {
  const out = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) {
    out.writeInt32LE(value, i * 4);
  }
  return out;
}

function tensorBytes(name, { shape, type, data }) {
  // whisper.cpp wants matrices in 16 bit, everything else in 32; a convolution's bias is a column.
  const isHalf = shape.length > 1 && type === 4 && !name.includes('positional_embedding');
  const dims = /conv[12]\.bias$/.test(name) ? [shape[0], 1] : shape;
  const text = Buffer.from(name);
  return [int32s(dims.length, text.length, isHalf ? 1 : 0, ...[...dims].reverse()), text, isHalf ? data : asFloat32(data, type)];
}

/** Makes a ggml model of a CTranslate2 `model.bin` and its `tokenizer.json`. */
export function whisperModelFromCt2(modelBytes, tokenizer) {
  const variables = readVariables(modelBytes);
  const shapeOf = (name) => variables.get(name).shape;
  const [vocabularySize, textState] = shapeOf('decoder/embeddings/weight');
  const [audioContext, audioState] = shapeOf('encoder/position_encodings/encodings');
  const [textContext] = shapeOf('decoder/position_encodings/encodings');
  const melCount = shapeOf('encoder/conv1/weight')[1];
  const layers = (side) =>
    new Set([...variables.keys()].map((name) => new RegExp(`^${side}/layer_(\\d+)/`).exec(name)?.[1]).filter(Boolean)).size;
  const words = readVocabulary(tokenizer);
  const filters = melFilters(melCount);
  return Buffer.concat([
    int32s(0x67676d6c, vocabularySize, audioContext, audioState, audioState / 64, layers('encoder')),
    int32s(textContext, textState, textState / 64, layers('decoder'), melCount, 1),
    int32s(melCount, 201),
    Buffer.from(filters.buffer),
    int32s(words.length),
    ...words.flatMap((word) => [int32s(word.length), word]),
    ...[...tensorsOf(variables)].flatMap(([name, variable]) => tensorBytes(name, variable)),
  ]);
}
