import { buildCues } from './buildCues.ts';
import { CaptionsError, type ParsedCaptions } from './cue.ts';
import { decodeCaptions } from './decodeCaptions.ts';
import { formats, otherFormats } from './formats.ts';
import { repairCues } from './repairCues.ts';
import { createWarnings } from './warnings.ts';

export { CaptionsError, type Cue } from './cue.ts';

/**
 * Reads a caption file (SRT or VTT in any common encoding) into cues in order of time, without overlaps. What had to be repaired is said
 * in `warnings`, each with its line. Throws CaptionsError when the file cannot be used.
 */
export function parseCaptions(bytes: Uint8Array, fileName: string): ParsedCaptions {
  const { text, isGuess } = decodeCaptions(bytes);
  const warnings = createWarnings();
  if (isGuess) {
    warnings.add(null, 'The file is not Unicode; it was read as Windows-1252. Save it as UTF-8 if letters look wrong.');
  }
  const other = otherFormats.find((candidate) => candidate.matches(text));
  const format = other === undefined ? formats.find((candidate) => candidate.matches(text)) : undefined;
  if (format === undefined) {
    const what =
      other === undefined ? 'No caption times (00:00:01,000 --> 00:00:02,500) were found in' : `${other.name} captions are not read yet:`;
    throw new CaptionsError(`${what} “${fileName}”. Supply the captions as an SRT or VTT file.`);
  }
  const lines = text.split(/\r\n|\r|\n/);
  const raw = format.read(lines, warnings);
  const cues = buildCues(repairCues(raw, warnings));
  if (cues.length === 0) {
    throw new CaptionsError(`“${fileName}” holds no caption with times and text. Export it again as SRT or VTT.`);
  }
  return { cues, warnings: warnings.list() };
}
