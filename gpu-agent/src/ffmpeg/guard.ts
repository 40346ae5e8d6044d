/**
 * Refuses a command line that opens a file without the options of `safety.ts`, or writes one that could carry the source's tags.
 *
 * The runner asks before every start, so that no builder of arguments, however new, can forget them.
 */

const neededOfInputs = ['-protocol_whitelist', '-format_whitelist', '-codec_whitelist', '-max_streams', '-max_pixels', '-f'] as const;

/** Options without a value; every other one takes the next word. */
const flags: ReadonlySet<string> = new Set([
  ...['-hide_banner', '-nostdin', '-nostats', '-y', '-an', '-vn', '-sn', '-dn', '-noaccurate_seek', '-shortest', '-copyts', '-xerror'],
  ...['-show_streams', '-show_format', '-show_packets', '-show_frames', '-show_chapters', '-count_packets', '-count_frames'],
  ...['-version', '-filters', '-encoders', '-decoders', '-noautorotate'],
]);

/** Outputs that have no place for tags. */
const bareFormats: ReadonlySet<string> = new Set(['null', 'rawvideo', 's16le', 'f32le']);

/** Throws for a command line that is not guarded: a mistake in the program, not in the file. */
export function requireGuarded(program: 'ffmpeg' | 'ffprobe', args: readonly string[]): void {
  let options = new Map<string, string>();
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    if (flags.has(word)) {
      continue;
    }
    if (word === '-i') {
      requireInput(options);
      options = new Map();
      index += 1;
    } else if (word.startsWith('-') && word !== '-') {
      options.set(word, args[index + 1] ?? '');
      index += 1;
    } else {
      (program === 'ffprobe' ? requireInput : requireOutput)(options);
      options = new Map();
    }
  }
}

function requireInput(options: ReadonlyMap<string, string>): void {
  const missing = neededOfInputs.filter((name) => !options.has(name));
  if (missing.length > 0) {
    throw new Error(`ffmpeg was to open a file without ${missing.join(', ')}.`);
  }
  if (options.get('-f') !== options.get('-format_whitelist')) {
    throw new Error('ffmpeg was to open a file in another format than the one that is allowed.');
  }
}

function requireOutput(options: ReadonlyMap<string, string>): void {
  if (!bareFormats.has(options.get('-f') ?? '') && options.get('-map_metadata') !== '-1') {
    throw new Error('ffmpeg was to write a file with the tags of its source: use cleanOutputArgs.');
  }
}
