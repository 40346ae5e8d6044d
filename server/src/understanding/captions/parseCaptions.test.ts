import { describe, expect, it } from 'vitest';
import { CaptionsError, parseCaptions } from './parseCaptions.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string, name = 'talk.srt') => parseCaptions(bytes(text), name);
const plain = '1\n00:00:01,000 --> 00:00:02,500\nHello there.\n\n2\n00:00:03,000 --> 00:00:04,000\nSecond line\nof text.\n';

function utf16(text: string, isLittle: boolean, hasMark: boolean): Uint8Array {
  const marked = hasMark ? `\uFEFF${text}` : text;
  const view = new DataView(new ArrayBuffer(marked.length * 2));
  for (let i = 0; i < marked.length; i += 1) {
    view.setUint16(i * 2, marked.charCodeAt(i), isLittle);
  }
  return new Uint8Array(view.buffer);
}

function errorOf(run: () => unknown): CaptionsError {
  try {
    run();
  } catch (error) {
    if (error instanceof CaptionsError) {
      return error;
    }
  }
  throw new Error('no CaptionsError was thrown');
}

describe('parseCaptions', () => {
  it('reads a plain SRT without a warning', () => {
    expect(parse(plain)).toEqual({
      cues: [
        { startSeconds: 1, endSeconds: 2.5, text: 'Hello there.' },
        { startSeconds: 3, endSeconds: 4, text: 'Second line of text.' },
      ],
      warnings: [],
    });
  });

  it('reads the same cues from every encoding and line ending', () => {
    const text = plain.replace('Hello', 'Grüße');
    const wanted = parse(text).cues;
    const crlf = text.replaceAll('\n', '\r\n');
    for (const [name, input] of Object.entries({
      bom: bytes(`\uFEFF${text}`),
      crlf: bytes(crlf),
      cr: bytes(text.replaceAll('\n', '\r')),
      utf16le: utf16(crlf, true, true),
      utf16be: utf16(crlf, false, true),
      bareUtf16le: utf16(text, true, false),
      bareUtf16be: utf16(text, false, false),
    })) {
      expect(parseCaptions(input, 'a.srt'), name).toEqual({ cues: wanted, warnings: [] });
    }
  });

  it('guesses Windows-1252 and says so', () => {
    const latin = Uint8Array.from(Buffer.from(plain.replace('Hello', 'Café “'), 'latin1'));
    const { cues, warnings } = parseCaptions(latin, 'a.srt');
    expect(cues[0]?.text).toContain('Café');
    expect(warnings.join()).toContain('Windows-1252');
  });

  it('accepts missing numbers, missing hours, dots, loose spaces and no blank line between cues', () => {
    const { cues } = parse('0:01.5 --> 0:02.75\nOne\n00: 00: 03, 000 --> 00: 00: 04, 000\nTwo\n3\n00:00:05,000 -> 00:00:06,000\nThree');
    expect(cues.map((cue) => [cue.startSeconds, cue.endSeconds, cue.text])).toEqual([
      [1.5, 2.75, 'One'],
      [3, 4, 'Two'],
      [5, 6, 'Three'],
    ]);
  });

  it('keeps a caption that is only a number', () => {
    expect(parse('1\n00:00:01,000 --> 00:00:02,000\n42\n\n2\n00:00:03,000 --> 00:00:04,000\nYes').cues[0]?.text).toBe('42');
  });

  it('repairs overlaps, disorder and backward times and names their lines', () => {
    const { cues, warnings } = parse(
      '1\n00:00:05,000 --> 00:00:09,000\nB\n\n2\n00:00:01,000 --> 00:00:06,000\nA\n\n3\n00:00:10,000 --> 00:00:08,000\nBackwards\n\n4\n00:00:20,000 --> ??\nNo end\n',
    );
    expect(cues.map((cue) => cue.text)).toEqual(['A', 'B', 'Backwards', 'No end']);
    for (const [i, cue] of cues.entries()) {
      expect(cue.endSeconds).toBeGreaterThan(cue.startSeconds);
      expect(cue.startSeconds).toBeGreaterThanOrEqual(cues[i - 1]?.endSeconds ?? 0);
    }
    expect(warnings.some((warning) => warning.startsWith('Line 6:') && warning.includes('order of time'))).toBe(true);
    expect(warnings.some((warning) => warning.startsWith('Line 2:') && warning.includes('shortened'))).toBe(true);
    expect(warnings.some((warning) => warning.startsWith('Line 10:') && warning.includes('before it starts'))).toBe(true);
    expect(warnings.some((warning) => warning.startsWith('Line 14:'))).toBe(true);
  });

  it('leaves out a caption with unreadable times and refuses a file of them', () => {
    const one = parse(`${plain}\n3\n00:99:xx,000 --> 00:00:06,000\nLost\n`);
    expect(one.cues).toHaveLength(2);
    expect(one.warnings[0]).toMatch(/^Line 11:/);
    const error = errorOf(() => parse('1\naa:bb --> cc\nText\n\n2\n00:xx --> 1\nText'));
    expect(error.line).toBe(2);
    expect(error.message).toContain('00:01:02,500 --> 00:01:04,000');
  });

  it('strips tags, override codes and entities', () => {
    const { cues } = parse(
      '1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<i>Tom &amp; <font color="#fff">Jerry</font></i>&#39;s 3 < 4 &lt;3 &unknown;\n',
    );
    expect(cues[0]?.text).toBe("Tom & Jerry's 3 < 4 <3 &unknown;");
  });

  it('reads VTT voices, settings, comments, styles and identifiers', () => {
    const { cues } = parse(
      'WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nNOTE a comment\nover two lines\n\nintro\n00:01.000 --> 00:02.000 align:start position:0%\n<v.loud Ada Lovelace>Hi <b>there</b></v>\n\n00:03.000 --> 00:04.000\nsecond\n\nstray text\n',
      'a.vtt',
    );
    expect(cues).toEqual([
      { startSeconds: 1, endSeconds: 2, text: 'Hi there', speaker: 'Ada Lovelace' },
      { startSeconds: 3, endSeconds: 4, text: 'second' },
    ]);
  });

  it('takes real word times from VTT and rolls up live captions', () => {
    const { cues } = parse(
      'WEBVTT\n\n00:00.000 --> 00:02.000\nso<00:00.500><c> this</c><00:01.000><c> is</c>\n\n00:02.000 --> 00:02.010\nso this is\n\n00:02.010 --> 00:04.000\nso this is\na<00:03.000><c> test</c>\n\n00:04.000 --> 00:04.010\na test\n\n00:04.010 --> 00:05.000\na test\nof<00:04.500><c> it</c>\n',
      'a.vtt',
    );
    expect(cues.map((cue) => cue.text)).toEqual(['so this is', 'a test', 'of it']);
    expect(cues[0]?.timedWords).toEqual([
      { text: 'so', startSeconds: 0 },
      { text: 'this', startSeconds: 0.5 },
      { text: 'is', startSeconds: 1 },
    ]);
  });

  it('recognises speakers and leaves sentences with a colon alone', () => {
    const { cues } = parse(
      [
        ['JOHN: Why?', 1],
        ['MAN 2: Because.', 2],
        ['It goes on.', 3],
        ['- Yes.\n- No.', 4],
        ['>> Next please.', 5],
        ['Remember: never lie.', 6],
      ]
        .map(([text, at], i) => `${i + 1}\n00:00:0${at},000 --> 00:00:0${at},900\n${text}\n`)
        .join('\n'),
    );
    expect(cues.map((cue) => [cue.speaker, cue.text])).toEqual([
      ['JOHN', 'Why?'],
      ['MAN 2', 'Because.'],
      ['MAN 2', 'It goes on.'],
      [undefined, 'Yes.'],
      [undefined, 'No.'],
      [undefined, 'Next please.'],
      [undefined, 'Remember: never lie.'],
    ]);
  });

  it('says what is wrong with a file that is empty, not text, another format or without captions', () => {
    expect(errorOf(() => parse('')).message).toContain('empty');
    expect(errorOf(() => parse(' \n\n ')).message).toContain('no text');
    expect(
      errorOf(() =>
        parseCaptions(
          Uint8Array.from({ length: 600 }, (_, i) => (i * 7) % 256),
          'a.srt',
        ),
      ).message,
    ).toContain('not text');
    expect(errorOf(() => parse('<?xml version="1.0"?>\n<tt xmlns="x"></tt>')).message).toContain('no caption');
    expect(errorOf(() => parse('{25}{75}Frames are no times.')).message).toContain('MicroDVD');
    expect(errorOf(() => parse('just prose')).message).toContain('SRT, VTT');
    expect(errorOf(() => parse('WEBVTT\n\n')).message).toContain('no caption');
  });

  it('is quick on a file made to be slow', () => {
    const before = process.cpuUsage();
    expect(() => parse(`${'-'.repeat(200_000)}>${' '.repeat(200_000)}`)).toThrow();
    parse(`1\n00:00:01,000 --> 00:00:02,000\n${'<'.repeat(100_000)}${'{\\'.repeat(50_000)}`);
    parse(`<tt><body>${'<p begin="1s" end="2s">a</p>'.repeat(2000)}${'<'.repeat(50_000)}</body></tt>`);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
  });
});
