import type { Word } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { splitSentences } from '../highlights/sentences.ts';
import { writeTrack } from './captionTrack.ts';
import { checkSentence } from './checkSentence.ts';
import { layBack, splitOver } from './layBack.ts';
import { layCues } from './layCues.ts';
import { withMarks } from './libreTranslate.ts';
import { createModelTranslator } from './modelTranslator.ts';

const flags = (
  source: string,
  target: string | null,
  glossary: { term: string; translation: string }[] = [],
  languages = { source: 'en', target: 'de' },
) => checkSentence(source, target, languages, glossary).map(({ flag }) => flag);

describe('checkSentence', () => {
  it('passes good translations', () => {
    expect(flags('We built 42 of them in 2019.', 'Wir haben 2019 42 davon gebaut.')).toEqual([]);
    expect(flags('It cost 1,500.50 dollars in London.', 'Es kostete in London 1.500,50 Dollar.')).toEqual([]);
    expect(flags('Nobody had told us why.', 'Niemand hatte uns gesagt, warum.')).toEqual([]);
    expect(flags('We carried four hundred books.', 'Wir haben 400 Bücher getragen.')).toEqual([]);
    expect(flags('I met Ada in Moscow.', 'Я встретил Аду в Москве.', [], { source: 'en', target: 'ru' })).toEqual([]);
  });

  it('compares numbers, names and negations both ways', () => {
    expect(flags('We built 42 of them.', 'Wir haben 24 davon gebaut.')).toContain('number');
    expect(flags('We built some of them.', 'Wir haben 24 davon gebaut.')).toContain('number');
    expect(flags('I met Lovelace there.', 'Ich traf sie dort.')).toContain('name');
    expect(flags('I met her there.', 'Je l’ai vue à Paris.', [], { source: 'en', target: 'fr' })).toContain('name');
    expect(flags('We did not double it.', 'Wir haben es verdoppelt.')).toContain('negation');
    expect(flags('We doubled it.', 'Wir haben es nicht verdoppelt.')).toContain('negation');
  });

  it('finds what is missing, added or still in the source’s language, and terms that got lost', () => {
    expect(flags('Something was said.', '')).toEqual(['missing']);
    expect(flags('Something was said.', null)).toEqual(['missing']);
    expect(flags('…', 'Danke fürs Zuschauen!')).toEqual(['added']);
    expect(flags('The river rose in the night again.', 'The river rose in the night again.')).toContain('untranslated');
    expect(flags('We love clip boards.', 'Wir lieben Klemmbretter.', [{ term: 'clip boards', translation: 'Clipboards' }])).toContain(
      'glossary',
    );
    expect(flags('This is quite a long sentence about many things.', 'Kurz.')).toContain('length');
  });
});

const words = (text: string, secondsPerWord = 0.36): Word[] =>
  text.split(' ').map((word, i) => ({ text: word, startSeconds: i * secondsPerWord, endSeconds: (i + 1) * secondsPerWord - 0.02 }));
const long =
  'The river rose in the night, and because nobody had told us why it would, we carried four hundred books up the stairs, one armful after the other, until the morning came and the water went. Then we slept.';

describe('layCues', () => {
  it('never overlaps, keeps to two lines, and holds every word once', () => {
    const spoken = words(long);
    const cues = layCues(
      spoken,
      splitSentences(
        spoken,
        spoken.map(() => null),
      ),
    );
    expect(cues.map((cue) => cue.text).join(' ')).toBe(long);
    for (const [i, cue] of cues.entries()) {
      expect(cue.text.length).toBeLessThanOrEqual(84);
      expect(cue.startSeconds).toBeGreaterThanOrEqual(cues[i - 1]?.endSeconds ?? 0);
      expect(cue.endSeconds - cue.startSeconds).toBeGreaterThan(0.7);
      expect(cue.endSeconds - cue.startSeconds).toBeLessThanOrEqual(7.5);
    }
    const file = writeTrack(cues, 'srt');
    expect(file.split('\n\n').every((block) => block.trim().split('\n').slice(2).length <= 2)).toBe(true);
  });

  it('ends no caption before it begins where one was spoken below another', () => {
    const word = (text: string, startSeconds: number, endSeconds: number) => ({ text, startSeconds, endSeconds });
    const spoken = [word('Wait.', 5, 5.4), word('Below.', 1, 1.4), word('After.', 9, 9.5)];
    const cues = layCues(
      spoken,
      spoken.map(({ text, startSeconds, endSeconds }, i) => ({
        first: i,
        last: i,
        startSeconds,
        endSeconds,
        text,
        speaker: null,
        isTurnStart: false,
        isTurnEnd: false,
        isQuestion: false,
        isBroken: false,
      })),
    );
    for (const [i, cue] of cues.entries()) {
      expect(cue.endSeconds).toBeGreaterThan(cue.startSeconds);
      expect(cue.startSeconds).toBeGreaterThanOrEqual(cues[i - 1]?.endSeconds ?? 0);
    }
  });
});

describe('layBack', () => {
  it('gives every caption its share, at commas where it can, and its times', () => {
    const parts = splitOver('Der Fluss stieg in der Nacht, und wir trugen vierhundert Bücher die Treppe hinauf.', [2, 3], 'de');
    expect(parts).toEqual(['Der Fluss stieg in der Nacht,', 'und wir trugen vierhundert Bücher die Treppe hinauf.']);
    expect(splitOver('川は夜に水位が上がり、私たちは四百冊の本を運びました。', [2, 2], 'ja').join('')).toBe(
      '川は夜に水位が上がり、私たちは四百冊の本を運びました。',
    );
    expect(splitOver('Ja.', [1, 1], 'de')).toEqual(['Ja.', '']);
  });

  it('is not too fast where it need not be', () => {
    const spoken = words(long);
    const sentences = splitSentences(
      spoken,
      spoken.map(() => null),
    );
    const cues = layCues(spoken, sentences);
    const laid = layBack(
      cues,
      sentences.map((sentence) => `${sentence.text} Und ja.`),
      'de',
    );
    expect(laid.map((cue) => cue.startSeconds)).toEqual(cues.map((cue) => cue.startSeconds));
    for (const [i, cue] of laid.entries()) {
      expect(cue.translation.length / (cue.endSeconds - cue.startSeconds)).toBeLessThanOrEqual(21);
      expect(cue.endSeconds - (cues[i]?.endSeconds ?? 0)).toBeLessThanOrEqual(0.2001);
      expect(cue.endSeconds).toBeLessThanOrEqual(laid[i + 1]?.startSeconds ?? Number.POSITIVE_INFINITY);
    }
  });
});

describe('glossary marks', () => {
  it('take the place of whole words only, the longest first', () => {
    const glossary = [
      { term: 'Ada', translation: 'Ada' },
      { term: 'Ada Lovelace', translation: 'Ada Lovelace' },
    ];
    expect(withMarks('Ada Lovelace met Adam, and ada.', glossary).text).toBe('XQ0QX met Adam, and XQ1QX.');
  });
});

describe('createModelTranslator', () => {
  it('names the characters a hasty line may have, asks once more where they were not kept, and keeps the shorter answer', async () => {
    const asked: { id: number; text: string; most?: number }[][] = [];
    const answers = [
      { 1: 'Das ist gar kein Problem.', 2: 'Das ist wirklich ein viel zu langer Satz.', 3: 'Auch dieser Satz ist viel zu lang geraten.' },
      { 2: 'Das ist zu lang.', 3: 'Auch dieser Satz ist leider noch viel länger geraten als vorher.' },
    ];
    const translator = createModelTranslator({
      model: 'stand-in',
      ask: ({ user, answer }) => {
        asked.push((JSON.parse(user) as { lines: (typeof asked)[number] }).lines);
        const lines = Object.entries(answers[asked.length - 1] ?? {}).map(([id, text]) => ({ id: Number(id), text }));
        return Promise.resolve(answer.parse({ lines }));
      },
    });
    const texts = ['That is no problem.', 'That is too long.', 'That one too is.'];
    const translated = await translator.translate({
      texts,
      mostCharacters: [60.9, 18.4, 17],
      source: 'en',
      target: 'de',
      glossary: [],
      signal: new AbortController().signal,
    });
    expect(asked).toEqual([
      [
        { id: 1, text: texts[0] },
        { id: 2, text: texts[1], most: 18 },
        { id: 3, text: texts[2], most: 17 },
      ],
      [
        { id: 2, text: texts[1], most: 18 },
        { id: 3, text: texts[2], most: 17 },
      ],
    ]);
    expect(translated).toEqual([answers[0]?.[1], answers[1]?.[2], answers[0]?.[3]]);
  });
});
