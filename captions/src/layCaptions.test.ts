import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CaptionRules, joinWords, layCaptions } from './layCaptions.ts';

const rules: CaptionRules = { lineWidth: (text) => [...text].length, maxLineWidth: 16, maxWords: 5, maxLines: 2, maxSeconds: 3 };

function spoken(text: string, secondsPerWord = 0.4) {
  return text
    .split(' ')
    .map((word, index) => ({ text: word, startSeconds: index * secondsPerWord, endSeconds: (index + 1) * secondsPerWord - 0.05 }));
}
const texts = (captions: ReturnType<typeof layCaptions>) => captions.map((caption) => caption.lines.map((line) => joinWords(line)));

describe('layCaptions', () => {
  it('breaks into at most two lines that are alike, and begins anew behind a sentence', () => {
    expect(texts(layCaptions(spoken('This is how it goes. Then it is over.'), 10, rules))).toEqual([
      ['This is how', 'it goes.'],
      ['Then it is over.'],
    ]);
  });

  it('begins anew behind a pause, and does not hang over it', () => {
    const words = [
      { text: 'before', startSeconds: 0, endSeconds: 0.5 },
      { text: 'after', startSeconds: 3, endSeconds: 3.5 },
    ];
    const captions = layCaptions(words, 10, rules);
    expect(captions.map((caption) => [caption.startSeconds, caption.endSeconds])).toEqual([
      [0, 0.85],
      [3, 3.85],
    ]);
  });

  const marked = (text: string, marks: Record<string, 'break' | 'join'>) =>
    spoken(text).map((word) => ({ ...word, ...(marks[word.text] && { before: marks[word.text] }) }));

  it('begins a line where a person wants one, and a new caption where two lines are there', () => {
    expect(texts(layCaptions(spoken('We carried books'), 10, rules))).toEqual([['We carried books']]);
    expect(texts(layCaptions(marked('We carried books', { carried: 'break' }), 10, rules))).toEqual([['We', 'carried books']]);
    expect(texts(layCaptions(marked('We carried old books', { carried: 'break', old: 'break', books: 'break' }), 10, rules))).toEqual([
      ['We', 'carried'],
      ['old', 'books'],
    ]);
    expect(texts(layCaptions(marked('We carried books', { carried: 'break' }), 10, { ...rules, maxLines: 1 }))).toEqual([
      ['We'],
      ['carried books'],
    ]);
  });

  it('keeps words together that a person joined, behind a sentence too, as long as both fit a line', () => {
    const plain = texts(layCaptions(spoken('Nobody knew. Why did it rise?'), 10, rules));
    expect(plain[0]).toEqual(['Nobody knew.']);
    expect(texts(layCaptions(marked('Nobody knew. Why did it rise?', { Why: 'join' }), 10, rules))).toEqual([
      ['Nobody knew. Why', 'did it rise?'],
    ]);
    const long = 'The extraordinarily incomprehensible answer';
    expect(texts(layCaptions(marked(long, { incomprehensible: 'join' }), 10, rules))).toEqual(texts(layCaptions(spoken(long), 10, rules)));
  });

  it('joins words beyond the number of a template that shows one at a time', () => {
    expect(texts(layCaptions(marked('We carried books', { books: 'join' }), 10, { ...rules, maxWords: 1 }))).toEqual([
      ['We'],
      ['carried books'],
    ]);
  });

  it('draws a word that is wider than a line smaller', () => {
    expect(layCaptions(spoken('incomprehensibilities'), 10, rules)[0]?.scale).toBeCloseTo(16 / 21);
  });

  it('writes no spaces between the words of scripts that have none', () => {
    expect(joinWords([{ text: '你好' }, { text: '世界' }, { text: 'Carmic' }])).toBe('你好世界 Carmic');
  });

  it('never overlaps, never loses or reorders a word, whatever is said', () => {
    const word = fc.record({
      text: fc.string({ minLength: 1, maxLength: 24 }),
      gap: fc.double({ min: 0, max: 2, noNaN: true }),
      length: fc.double({ min: 0.04, max: 1.5, noNaN: true }),
      before: fc.constantFrom(undefined, undefined, undefined, 'break' as const, 'join' as const),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (items) => {
        let at = 0;
        const words = items.map(({ text, gap, length, before }) => {
          const startSeconds = at + gap;
          at = startSeconds + length;
          return { text, startSeconds, endSeconds: at, ...(before && { before }) };
        });
        const captions = layCaptions(words, at, rules);
        expect(captions.flatMap((caption) => caption.lines.flat())).toEqual(words);
        for (const [index, caption] of captions.entries()) {
          expect(caption.lines.length).toBeLessThanOrEqual(2);
          expect(caption.endSeconds).toBeLessThanOrEqual((captions[index + 1]?.startSeconds ?? at) + 1e-9);
        }
      }),
    );
  });
});

describe('reading speed', () => {
  const wide: CaptionRules = { ...rules, maxLineWidth: 40, maxWords: 6, maxSeconds: 10 };
  const speedOf = ({ lines, startSeconds, endSeconds }: ReturnType<typeof layCaptions>[number]) =>
    [...joinWords(lines.flat())].length / (endSeconds - startSeconds);

  it('is kept by staying longer where nothing follows, and never by covering what follows', () => {
    const quick = spoken('extraordinary congratulations everybody', 0.2);
    const [alone] = layCaptions(quick, 10, wide, 'en');
    expect(alone && speedOf(alone)).toBeLessThanOrEqual(21.01);
    const [before] = layCaptions([...quick, { text: 'Next', startSeconds: 1.4, endSeconds: 2 }], 10, wide, 'en');
    expect(before?.endSeconds).toBeLessThanOrEqual(1.4);
  });

  it('follows the language: a Chinese character takes longer than a letter', () => {
    const words = [{ text: '今天天气很好我们去公园', startSeconds: 0, endSeconds: 0.5 }];
    const held = (language: string) => layCaptions(words, 30, wide, language)[0]?.endSeconds ?? 0;
    expect(held('zh')).toBeGreaterThan(held('en') + 0.3);
  });

  it('decides where captions end: a long word spoken fast goes with what is slow', () => {
    const words = [
      { text: 'now', startSeconds: 0, endSeconds: 0.3 },
      { text: 'responsibilities', startSeconds: 0.3, endSeconds: 0.6 },
      { text: 'wait', startSeconds: 0.6, endSeconds: 1.8 },
    ];
    expect(texts(layCaptions(words, 10, { ...wide, maxWords: 2 }, 'en'))).toEqual([['now'], ['responsibilities wait']]);
  });
});
