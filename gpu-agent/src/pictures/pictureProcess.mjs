// @ts-check
/**
 * Tells how likely pictures are nudity or sex: MobileNetV2Mid of nsfwjs 4.3.0 (MIT, its weights unchanged).
 */
import { answerQuestions } from '../neural/answerQuestions.mjs';
import { openModel } from '../neural/openModel.mjs';

const side = 224;
/** Places of what counts in its answer: drawing, hentai, neutral, porn, sexy. */
const hentai = 1;
const porn = 3;

/** @type {ReturnType<typeof openModel> | undefined} */
let opening;

/**
 * @param {{ rgb: Uint8Array }} request 224 by 224 pixels, 8 bits each
 * @returns {Promise<number>}
 */
async function judge({ rgb }) {
  opening ??= openModel(new URL('./pictureModel.onnx', import.meta.url));
  const run = await opening;
  const [shares] = await run(
    Float32Array.from(rgb, (level) => level / 255),
    [1, side, side, 3],
  );
  if (!shares) {
    throw new Error('The model of pictures has no answer.');
  }
  return Math.min(1, Math.max(0, (shares.data[hentai] ?? 0) + (shares.data[porn] ?? 0)));
}

answerQuestions(judge);
