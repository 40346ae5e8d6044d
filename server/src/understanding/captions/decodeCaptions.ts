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
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { encoding: 'utf-8', isGuess: false };
  } catch {
    return { encoding: 'windows-1252', isGuess: true };
  }
}

/**
 * Turns the bytes of a caption file into text: UTF-8 and UTF-16 with or without a byte order mark, otherwise Windows-1252.
 * `isGuess` tells that no Unicode encoding fitted. Throws CaptionsError for an empty file and for one that is not text.
 */
export function decodeCaptions(bytes: Uint8Array): { text: string; encoding: string; isGuess: boolean } {
  if (bytes.length === 0) {
    throw new CaptionsError('The caption file is empty. Export it again, or go on without captions.');
  }
  const { encoding, isGuess } = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes).replace(/^\uFEFF/, '');
  const controls = [...text.slice(0, 4096)].filter((c) => c < ' ' && c !== '\n' && c !== '\r' && c !== '\t' && c !== '\f').length;
  if (controls > 8) {
    throw new CaptionsError('This file is not text. Supply captions as an SRT or VTT file.');
  }
  if (text.trim() === '') {
    throw new CaptionsError('The caption file holds no text. Export it again, or go on without captions.');
  }
  return { text, encoding, isGuess };
}
