import { describe, expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';

describe('the command line', () => {
  test('files, captions and options are read', () => {
    const parsed = parseArguments([
      'talk.mp4',
      'b.mov',
      '--captions',
      'talk.srt',
      '--count',
      '3',
      '--aspect',
      '9:16,1:1',
      '--once',
      '--port',
      '0',
    ]);
    expect(parsed).toMatchObject({
      files: ['talk.mp4', 'b.mov'],
      captions: ['talk.srt'],
      count: 3,
      aspects: ['9:16', '1:1'],
      isOnce: true,
      port: 0,
      hasDemo: true,
    });
  });

  test('nothing asks for nothing', () => {
    expect(parseArguments([])).toMatchObject({ wants: 'run', files: [], count: undefined, port: undefined, isOnce: false });
  });

  test('a file whose name begins with a hyphen follows a second "--"', () => {
    expect(parseArguments(['--once', '--', '-y.mp4']).files).toEqual(['-y.mp4']);
  });

  test.each([
    [['--bogus'], 'no option --bogus'],
    [['-y.mp4'], './-y'],
    [['--count', '0', 'a.mp4'], '--count takes a whole number from 1 to 50'],
    [['--count', '2.5', 'a.mp4'], '--count takes'],
    [['--port', '70000'], '--port takes'],
    [['--aspect', '3:2', 'a.mp4'], '--aspect takes 9:16, 1:1, 4:5, 16:9'],
    [['--language', 'English please', 'a.mp4'], '--language takes a tag'],
    [['--once'], 'no file is given'],
    [['--data', ' '], '--data is empty'],
    [['a.mp4', '--captions', 'a.srt', '--captions', 'b.srt'], '2 caption files for 1 video'],
    [['--count'], "--count <value>' argument missing"],
  ])('%j is refused as wrong usage', (args, message) => {
    expect(() => parseArguments(args)).toThrow(
      expect.objectContaining({ exitCode: 64, message: expect.stringContaining(message) as string }),
    );
  });
});
