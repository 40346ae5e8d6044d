import { CaptionsError } from './cue.ts';

/** Shares of zero bytes at even and odd places: text in UTF-16 has nearly all of them on one side. */
function zeroShares(bytes: Uint8Array): { even: number; odd: number } {
  const length = Math.min(bytes.length, 4096);
  let even = 0;
  let odd = 0;
  for (let i = 0; i < length; i += 1) {
    if (bytes[i] === 0) {
      if (i % 2 === 0) {
        even += 1;
      } else {
        odd += 1;
      }
    }
  }
  const half = Math.max(1, length / 2);
  return { even: even / half, odd: odd / half };
}

/** Lower-case letters beyond ASCII that are common in what each single-byte encoding was made for. */
const singleByte: readonly { encoding: string; common: string }[] = [
  { encoding: 'windows-1252', common: 'äöüßéèêëàâçîïôûùœáíóúñåøæãõìò¿¡' },
  { encoding: 'windows-1250', common: 'ąćęłńóśźżáčďéěíňřšťúůýžőűöüäôľĺŕăâîșţđ' },
  { encoding: 'windows-1254', common: 'ğşıçöüâî' },
  { encoding: 'windows-1257', common: 'āčēģīķļņšūžąęėįųõäöü' },
  { encoding: 'windows-1251', common: 'оеаинтсрвлкмдпуяызьбгчйхжюшцщэфёіїєґў' },
  { encoding: 'koi8-r', common: 'оеаинтсрвлкмдпуяызьбгчйхжюшцщэфё' },
  { encoding: 'iso-8859-5', common: 'оеаинтсрвлкмдпуяызьбгчйхжюшцщэфё' },
  { encoding: 'windows-1253', common: 'αοιετσνηυρπκμλωδγχθφβξζψςάέήίόύώ' },
  { encoding: 'windows-1255', common: 'אבגדהוזחטיכלמנסעפצקרשתםןףךץ' },
  { encoding: 'windows-1256', common: 'ابتثجحخدذرزسشصضطظعغفقكلمنهويةىأإآئؤءپچژگ' },
  { encoding: 'windows-874', common: 'กขคงจฉชซญดตถทธนบปผพฟภมยรลวศษสหอะาำิีึืุูเแโใไ่้๊็์' },
];
/** The commonest characters of running text in each two-byte encoding. */
const multiByte: readonly { encoding: string; own: RegExp }[] = [
  { encoding: 'shift_jis', own: /[\u3041-\u30ff、。]/gu },
  { encoding: 'euc-jp', own: /[\u3041-\u30ff、。]/gu },
  { encoding: 'euc-kr', own: /[이다는을에의가고한지로하서도사를은기자그나리니어라아시인들해대만보수일상정부있게것습우]/gu },
  { encoding: 'gb18030', own: /[的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下没什么，。！？]/gu },
  { encoding: 'big5', own: /[的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下沒什麼，。！？]/gu },
];

const scripts = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Arabic}/u,
  /\p{Script=Thai}/u,
];
const scriptOf = (char: string) => scripts.findIndex((script) => script.test(char));
const isLetter = (char: string) => /\p{L}|\p{M}/u.test(char);

/** How much a decoded text looks like running text: common letters count for it; mixed scripts, symbols and capitals inside words against it. */
function plausibility(text: string, common: ReadonlySet<string>): number {
  const chars = [...text];
  let score = 0;
  for (const [i, char] of chars.entries()) {
    if (char < '\u0080') {
      continue;
    }
    const before = chars[i - 1] ?? ' ';
    const after = chars[i + 1] ?? ' ';
    if (!isLetter(char)) {
      score += /[\u0080-\u009f\ufffd]/.test(char) ? -6 : isLetter(before) && isLetter(after) && !/[’'\u00ad]/.test(char) ? -3 : 0;
      continue;
    }
    // Running text is mostly small letters: a reading in capitals only is seldom the right one.
    score += !common.has(char.toLowerCase()) ? -0.5 : char === char.toLowerCase() ? 2 : 1;
    const own = scriptOf(char);
    for (const next of [before, after]) {
      if (isLetter(next) && scriptOf(next) !== own) {
        score -= 3;
      }
    }
    // A Latin word is mostly ASCII: letters beyond it seldom stand together.
    if (own === 0 && before >= '\u0080' && isLetter(before)) {
      score -= 1.5;
    }
    if (/\p{Ll}/u.test(before) && /\p{Lu}/u.test(char)) {
      score -= 3;
    }
  }
  return score;
}

function decodeStrictly(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The most plausible legacy encoding of bytes that are no Unicode. */
function guessEncoding(bytes: Uint8Array): string {
  const sample = bytes.subarray(0, 200_000);
  const high = sample.reduce((sum, byte) => sum + (byte >= 0x80 ? 1 : 0), 0);
  let best = 'windows-1252';
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const { encoding, common } of singleByte) {
    const text = decodeStrictly(sample, encoding);
    const score = text === null ? Number.NEGATIVE_INFINITY : plausibility(text, new Set(common)) / Math.max(1, high);
    if (score > bestScore + 1e-9) {
      best = encoding;
      bestScore = score;
    }
  }
  for (const { encoding, own } of multiByte) {
    const text = decodeStrictly(bytes, encoding);
    // Two bytes make one character here: half of the high bytes would be the most there can be.
    const share = text === null ? 0 : ((text.match(own) ?? []).length * 2) / Math.max(1, high);
    if (share > 0.15 && share * 6 > bestScore) {
      best = encoding;
      bestScore = share * 6;
    }
  }
  return best;
}

function encodingOf(bytes: Uint8Array): { encoding: string; isGuess: boolean } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return { encoding: 'utf-16le', isGuess: false };
  }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    return { encoding: 'utf-16be', isGuess: false };
  }
  const zeros = zeroShares(bytes);
  if (zeros.odd > 0.3 && zeros.even < 0.1) {
    return { encoding: 'utf-16le', isGuess: false };
  }
  if (zeros.even > 0.3 && zeros.odd < 0.1) {
    return { encoding: 'utf-16be', isGuess: false };
  }
  return decodeStrictly(bytes, 'utf-8') === null
    ? { encoding: guessEncoding(bytes), isGuess: true }
    : { encoding: 'utf-8', isGuess: false };
}

/**
 * Turns the bytes of a caption file into text: UTF-8 and UTF-16 with or without a byte order mark, otherwise the legacy encoding (of
 * Europe, Russia, the Near East, Thailand, Japan, Korea and China) whose reading looks most like running text. `isGuess` tells that no
 * Unicode encoding fitted. Throws CaptionsError for an empty file and for one that is not text.
 */
export function decodeCaptions(bytes: Uint8Array): { text: string; encoding: string; isGuess: boolean } {
  if (bytes.length === 0) {
    throw new CaptionsError('The caption file is empty. Export it again, or go on without captions.');
  }
  const { encoding, isGuess } = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes).replace(/^\uFEFF/, '');
  const controls = [...text.slice(0, 4096)].filter((c) => c < ' ' && c !== '\n' && c !== '\r' && c !== '\t' && c !== '\f').length;
  if (controls > 8) {
    throw new CaptionsError('This file is not text. Supply captions as an SRT, VTT, TTML, ASS or JSON file.');
  }
  if (text.trim() === '') {
    throw new CaptionsError('The caption file holds no text. Export it again, or go on without captions.');
  }
  return { text, encoding, isGuess };
}
