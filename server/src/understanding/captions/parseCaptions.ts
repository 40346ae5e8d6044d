import type { Word } from '@carmic/contract';
import { buildCues } from './buildCues.ts';
import { CaptionsError, type ParsedCaptions } from './cue.ts';
import { decodeCaptions } from './decodeCaptions.ts';
import { formats, otherFormats } from './formats.ts';
import { repairCues } from './repairCues.ts';
import { isJson, readTranscriptJson } from './readTranscriptJson.ts';
import { createWarnings, type Warnings } from './warnings.ts';
import { wordsFromCues } from './wordsFromCues.ts';

export { CaptionsError, type Cue } from './cue.ts';

/** Words read from a supplied file. `warnings` say what was repaired, each with its line. */
export interface SuppliedWords {
  format: string;
  /** As the file names it, or null. */
  language: string | null;
  words: Word[];
  warnings: string[];
}

/**
 * Reads the words of a caption or transcript file: SRT, VTT, TTML, ASS, or the JSON of whisper, whisper.cpp and Deepgram, in any common
 * encoding. Throws CaptionsError when the file cannot be used.
 */
export function readSupplied(bytes: Uint8Array, fileName: string): SuppliedWords {
  const { text, isGuess, encoding } = decodeCaptions(bytes);
  if (!isJson(text)) {
    const { cues, warnings, format } = readCues(bytes, fileName);
    return { format, language: null, words: wordsFromCues(cues), warnings };
  }
  const warnings = createWarnings();
  warnOfEncoding(warnings, isGuess, encoding);
  const { name, language, words } = readTranscriptJson(text, warnings);
  return { format: name, language, words, warnings: warnings.list() };
}

function warnOfEncoding(warnings: Warnings, isGuess: boolean, encoding: string): void {
  if (isGuess) {
    warnings.add(
      null,
      `The file is not Unicode; it was read as ${encoding.replace('windows', 'Windows')}. Save it as UTF-8 if letters look wrong.`,
    );
  }
}

/**
 * Reads a caption file (SRT, VTT, TTML or ASS in any common encoding) into cues in order of time, without overlaps. What had to be
 * repaired is said in `warnings`, each with its line. Throws CaptionsError when the file cannot be used.
 */
export function parseCaptions(bytes: Uint8Array, fileName: string): ParsedCaptions {
  const { cues, warnings } = readCues(bytes, fileName);
  return { cues, warnings };
}

function readCues(bytes: Uint8Array, fileName: string): ParsedCaptions & { format: string } {
  const { text, isGuess, encoding } = decodeCaptions(bytes);
  const warnings = createWarnings();
  warnOfEncoding(warnings, isGuess, encoding);
  const other = otherFormats.find((candidate) => candidate.matches(text));
  const format = other === undefined ? formats.find((candidate) => candidate.matches(text)) : undefined;
  if (format === undefined) {
    const what =
      other === undefined ? 'No caption times (00:00:01,000 --> 00:00:02,500) were found in' : `${other.name} captions are not read yet:`;
    throw new CaptionsError(`${what} “${fileName}”. Supply the captions as an SRT, VTT, TTML, ASS or JSON file.`);
  }
  const lines = text.split(/\r\n|\r|\n/);
  const raw = format.read(lines, warnings);
  const cues = buildCues(repairCues(raw, warnings));
  if (cues.length === 0) {
    throw new CaptionsError(`“${fileName}” holds no caption with times and text. Export it again as SRT or VTT.`);
  }
  return { cues, warnings: warnings.list(), format: format.name };
}
