import { describe, expect, it } from 'vitest';
import { CaptionsError, parseCaptions, readSupplied } from './parseCaptions.ts';

const read = (text: string, name = 'talk') => readSupplied(new TextEncoder().encode(text), name);
const cuesOf = (text: string) => parseCaptions(new TextEncoder().encode(text), 'talk').cues;
const texts = (words: readonly { text: string }[]) => words.map((word) => word.text).join(' ');

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

const ttml = (body: string, attributes = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ${attributes}>\n<body>${body}</body></tt>`;

describe('TTML', () => {
  it('reads clock times, offsets, frames, ticks, durations and times that nest', () => {
    const body = `
      <div begin="10s">
        <p begin="00:00:01.500" end="00:00:03.000">One &amp; two<br/>three</p>
        <p begin="4s" dur="1500ms">four</p>
      </div>
      <div><p begin="00:01:00:12" end="00:01:02:00">frames</p><p begin="650000t" end="670000t">ticks</p></div>`;
    expect(cuesOf(ttml(body, 'ttp:frameRate="24" ttp:tickRate="10000"'))).toEqual([
      { startSeconds: 11.5, endSeconds: 13, text: 'One & two three' },
      { startSeconds: 14, endSeconds: 15.5, text: 'four' },
      { startSeconds: 60.5, endSeconds: 62, text: 'frames' },
      { startSeconds: 65, endSeconds: 67, text: 'ticks' },
    ]);
  });

  it('takes speakers from agents and word times from timed spans', () => {
    const text = `<tt xmlns:ttm="m" xmlns="n"><head><metadata><ttm:agent xml:id="a1" type="person"><ttm:name type="full">Ada</ttm:name></ttm:agent></metadata></head>
      <body><div><p begin="5s" end="8s" ttm:agent="a1"><span begin="0s" end="1s">Hello</span> <span begin="2s">there</span></p></div></body></tt>`;
    const { words, format } = read(text);
    expect(format).toBe('TTML');
    expect(words.map(({ text: word, startSeconds, speaker }) => [word, startSeconds, speaker])).toEqual([
      ['Hello', 5, 'Ada'],
      ['there', 7, 'Ada'],
    ]);
  });

  it('leaves a broken cue out with its line, and refuses a file of them with the first line', () => {
    const { warnings, words } = read(ttml('\n<p begin="soon" end="2s">lost</p>\n<p begin="3s" end="4s">kept</p>'));
    expect(texts(words)).toBe('kept');
    expect(warnings).toEqual(['Line 4: its times cannot be read, so this caption was left out.']);
    const error = errorOf(() => read(ttml('\n<p begin="soon">a</p>\n<p begin="later">b</p>')));
    expect(error.line).toBe(4);
    expect(error.message).toContain('line 4');
  });
});

describe('ASS', () => {
  const file = (...events: string[]) =>
    [
      '[Script Info]',
      'Title: x',
      '[V4+ Styles]',
      'Format: Name, Fontname',
      '[Events]',
      'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
      ...events,
    ].join('\n');

  it('reads dialogues with commas, names, line breaks and override codes, and no comments or drawings', () => {
    const text = file(
      'Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not shown',
      'Dialogue: 0,0:00:01.50,0:00:03.25,Default,Ada,0,0,0,,{\\i1}Well,{\\i0} yes,\\Nof course.',
      'Dialogue: 1,0:00:03.30,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 10 0{\\p0}',
      'Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,No name here',
    );
    expect(cuesOf(text)).toEqual([
      { startSeconds: 1.5, endSeconds: 3.25, text: 'Well, yes, of course.', speaker: 'Ada' },
      { startSeconds: 5, endSeconds: 6, text: 'No name here' },
    ]);
  });

  it('takes word times from karaoke codes', () => {
    const { words } = read(file('Dialogue: 0,0:00:10.00,0:00:13.00,K,,0,0,0,,{\\k50}One {\\kf100}two {\\k80}three'));
    expect(words.map(({ text, startSeconds }) => [text, startSeconds])).toEqual([
      ['One', 10],
      ['two', 10.5],
      ['three', 11.5],
    ]);
  });

  it('names the line of a time it cannot read', () => {
    const { warnings } = read(file('Dialogue: 0,soon,0:00:03.25,Default,,0,0,0,,a', 'Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,b'));
    expect(warnings[0]).toContain('Line 7');
    expect(errorOf(() => read(file('Dialogue: 0,soon,later,Default,,0,0,0,,a'))).line).toBe(7);
  });
});

describe('JSON', () => {
  it('reads whisper’s words with confidence, speakers and language, and puts words without times between their neighbours', () => {
    const { words, language, warnings, format } = read(
      JSON.stringify({
        language: 'german',
        segments: [
          {
            start: 1,
            end: 4,
            text: ' Im Jahr 1990 war es so.',
            speaker: 'SPEAKER_01',
            words: [
              { word: ' Im', start: 1, end: 1.2, score: 0.9 },
              { word: ' Jahr', start: 1.2, end: 1.6, score: 0.8 },
              { word: ' 1990' },
              { word: ' war', start: 2.4, end: 2.6, score: 1.2 },
            ],
          },
        ],
      }),
    );
    expect(format).toBe('whisper JSON');
    expect(language).toBe('de');
    expect(words.map((word) => word.speaker)).toEqual(Array(4).fill('Speaker 2'));
    expect(words[2]).toMatchObject({ text: '1990', startSeconds: 1.6, endSeconds: 1.9 });
    expect(words[3]?.confidence).toBe(1);
    expect(warnings).toEqual(['1 words had no time of their own; they were put between their neighbours.']);
  });

  it('gives the API’s bare words the punctuation of its segments', () => {
    const { words } = read(
      JSON.stringify({
        text: 'Hello, world.',
        words: [
          { word: 'Hello', start: 0, end: 0.5 },
          { word: 'world', start: 0.6, end: 1 },
        ],
        segments: [{ start: 0, end: 1, text: 'Hello, world.' }],
      }),
    );
    expect(texts(words)).toBe('Hello, world.');
  });

  it('joins the tokens of whisper.cpp and means their probabilities', () => {
    const token = (text: string, from: number, to: number, p: number) => ({ text, offsets: { from, to }, p });
    const { words, language } = read(
      JSON.stringify({
        result: { language: 'en' },
        transcription: [
          {
            text: ' Hamilton won.',
            offsets: { from: 0, to: 2000 },
            tokens: [
              token('[_BEG_]', 0, 0, 1),
              token(' Hamil', 0, 500, 0.5),
              token('ton', 500, 900, 0.9),
              token(' won', 1000, 1500, 0.8),
              token('.', 1500, 1500, 0.4),
            ],
          },
        ],
      }),
    );
    expect(language).toBe('en');
    expect(words).toEqual([
      { text: 'Hamilton', startSeconds: 0, endSeconds: 0.9, confidence: 0.7 },
      { text: 'won.', startSeconds: 1, endSeconds: 1.5, confidence: 0.8 },
    ]);
  });

  it('shares the time of segments without words, and says which segments have none', () => {
    const { words, warnings } = read(
      JSON.stringify([
        { start: 0, end: 2, text: 'one two' },
        { start: 5, end: 4, text: 'lost' },
        { start: 6, end: 7, text: 'three' },
      ]),
    );
    expect(texts(words)).toBe('one two three');
    expect(warnings).toEqual(['Segment 2 has no usable times and was left out.']);
  });

  it('says in which line JSON breaks off, and that other JSON is no transcript', () => {
    const error = errorOf(() => read('{\n  "segments": [\n    {"start": 0, "end": 1,\n'));
    expect(error.message).toMatch(/line [34]/);
    expect(error.line).toBeGreaterThan(2);
    expect(errorOf(() => read('{"name": "carmic"}')).message).toContain('no transcript');
    expect(errorOf(() => read('{"words": [{"word": "a"}, {"word": "b"}]}')).message).toContain('no times');
  });
});

describe('encodings', () => {
  const high: Record<string, Uint8Array> = {};
  const table = (encoding: string) => {
    const bytes = (high[encoding] ??= Uint8Array.from({ length: 128 }, (_, i) => i + 128));
    return new Map([...bytes].map((byte) => [new TextDecoder(encoding).decode(Uint8Array.of(byte)), byte]));
  };
  const encodeSingle = (encoding: string, text: string) => {
    const bytes = table(encoding);
    return Uint8Array.from([...text].map((char) => (char < '\u0080' ? char.charCodeAt(0) : (bytes.get(char) ?? 63))));
  };
  /** Two-byte encodings, by trying every pair once. */
  const encodeDouble = (encoding: string, text: string) => {
    const wanted = new Set([...text].filter((char) => char >= '\u0080'));
    const found = new Map<string, number[]>();
    const decoder = new TextDecoder(encoding);
    for (let lead = 0x81; lead <= 0xfe && found.size < wanted.size; lead += 1) {
      for (let trail = 0x40; trail <= 0xfe; trail += 1) {
        const char = decoder.decode(Uint8Array.of(lead, trail));
        if (wanted.has(char) && !found.has(char)) {
          found.set(char, [lead, trail]);
        }
      }
    }
    return Uint8Array.from([...text].flatMap((char) => found.get(char) ?? [char.charCodeAt(0)]));
  };
  const cases: [string, string, (encoding: string, text: string) => Uint8Array][] = [
    ['windows-1252', 'Der Fluss stieg über Nacht, früh müßte es größer wirken. Déjà vu à la française, señor.', encodeSingle],
    ['windows-1250', 'Zażółć gęślą jaźń. Příliš žluťoučký kůň úpěl ďábelské ódy. Árvíztűrő tükörfúrógép.', encodeSingle],
    ['windows-1251', 'Река поднялась ночью, и мы перенесли четыреста книг. Никто не сказал почему.', encodeSingle],
    ['koi8-r', 'Река поднялась ночью, и мы перенесли четыреста книг. Никто не сказал почему.', encodeSingle],
    ['windows-1253', 'Το ποτάμι ανέβηκε τη νύχτα και μεταφέραμε τετρακόσια βιβλία.', encodeSingle],
    ['windows-1254', 'Nehir gece yükseldi ve dört yüz kitabı taşıdık. Ağaçların altında şarkı söyledik, ışıklar söndü.', encodeSingle],
    ['windows-1255', 'הנהר עלה בלילה ונשאנו ארבע מאות ספרים במעלה המדרגות', encodeSingle],
    ['windows-1256', 'ارتفع النهر في الليل وحملنا أربعمئة كتاب إلى أعلى الدرج', encodeSingle],
    ['windows-874', 'แม่น้ำเพิ่มขึ้นในเวลากลางคืนและเราขนหนังสือสี่ร้อยเล่ม', encodeSingle],
    ['shift_jis', '川は夜に水位が上がり、私たちは四百冊の本を運びました。', encodeDouble],
    ['euc-jp', '川は夜に水位が上がり、私たちは四百冊の本を運びました。', encodeDouble],
    ['euc-kr', '밤에 강물이 불어나서 우리는 책 사백 권을 옮겼습니다.', encodeDouble],
    ['gb18030', '河水在夜里上涨，我们把四百本书搬上了楼。没有人告诉我们为什么。', encodeDouble],
    ['big5', '河水在夜裡上漲，我們把四百本書搬上了樓。沒有人告訴我們為什麼。', encodeDouble],
  ];
  for (const [encoding, sentence, encode] of cases) {
    it(`reads ${encoding}`, () => {
      const file = `1\n00:00:01,000 --> 00:00:09,000\n${sentence}\n`;
      const { cues, warnings } = parseCaptions(encode(encoding, file), 'talk.srt');
      expect(cues[0]?.text).toBe(sentence);
      expect(warnings.join()).toContain('not Unicode');
    });
  }
});
