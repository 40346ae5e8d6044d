import { describe, expect, it } from 'vitest';
import { requireGuarded } from './guard.ts';
import { cleanOutputArgs, generatedInputArgs, ownInputArgs, quietArgs, sourceInputArgs } from './safety.ts';

const input = [...sourceInputArgs('mov', { framePixels: 1000 }), '-i', 'http://127.0.0.1:1/a'];

/** The list without one option and its value. */
const without = (args: readonly string[], name: string) => args.filter((word, index) => word !== name && args[index - 1] !== name);

describe('a guarded command line', () => {
  it('opens every input with its options and writes every file without tags', () => {
    expect(() =>
      requireGuarded('ffmpeg', [...quietArgs, ...input, ...input, ...cleanOutputArgs, '-f', 'mp4', 'a.mp4', '-f', 'null', '-']),
    ).not.toThrow();
    expect(() => requireGuarded('ffmpeg', [...quietArgs, ...generatedInputArgs, '-i', 'testsrc2', '-f', 'null', '-'])).not.toThrow();
    expect(() => requireGuarded('ffprobe', ['-v', 'error', ...ownInputArgs('mov'), '-show_streams', '-of', 'json', 'a.mp4'])).not.toThrow();
    expect(() => requireGuarded('ffprobe', ['-version'])).not.toThrow();
  });

  it.each(['-protocol_whitelist', '-format_whitelist', '-codec_whitelist', '-max_streams', '-max_pixels', '-f'])(
    'is refused without %s',
    (name) => {
      expect(() => requireGuarded('ffmpeg', [...quietArgs, ...input, ...without(input, name), '-f', 'null', '-'])).toThrow(name);
      expect(() => requireGuarded('ffprobe', [...without(ownInputArgs('mov'), name), '-show_streams', 'a.mp4'])).toThrow(name);
    },
  );

  it('is refused when the forced format is not the allowed one', () => {
    const other = [...sourceInputArgs('mov', { framePixels: 1000 }), '-f', 'hls', '-i', 'a'];
    expect(() => requireGuarded('ffmpeg', [...other, '-f', 'null', '-'])).toThrow(/another format/);
  });

  it('is refused when an output would keep the tags of the source', () => {
    expect(() => requireGuarded('ffmpeg', [...input, '-f', 'mp4', 'a.mp4'])).toThrow(/tags/);
    expect(() => requireGuarded('ffmpeg', [...input, ...cleanOutputArgs, '-f', 'mp4', 'a.mp4', '-f', 'mjpeg', 'b.jpg'])).toThrow(/tags/);
  });
});
