import { describe, expect, it } from 'vitest';
import { certifyBoundaries } from '../highlights/boundaryCertificate.ts';
import { suggestClips } from '../highlights/suggestClips.ts';
import { buildTalk } from '../highlights/talk.ts';
import { talkWithStory, wordsOf } from '../highlights/testTalk.ts';
import { findChapters } from './findChapters.ts';

const subjects = [
  ['glacier', 'ice', 'valley', 'meltwater', 'moraine', 'snow'],
  ['violin', 'bow', 'string', 'concert', 'melody', 'varnish'],
  ['harbour', 'crane', 'container', 'tide', 'captain', 'rope'],
];

/** Three subjects of equal length, each opened with a question by another speaker. */
function threeSubjects() {
  return subjects.flatMap((words, s) => [
    { text: `Let me ask you about the ${words[0] ?? ''}. What is the ${words[1] ?? ''} like?`, speaker: 'A' },
    ...Array.from({ length: 110 }, (_, i) => ({
      text: `The ${words[i % 6] ?? ''} needs the ${words[(i + 1 + s) % 6] ?? ''} and so does the ${words[(i * 2 + 3) % 6] ?? ''} behind it.`,
      speaker: 'B',
    })),
  ]);
}

describe('findChapters', () => {
  it('begins a chapter where the subject changes, and names it by its words', () => {
    const words = wordsOf(threeSubjects());
    const talk = buildTalk(words, [], 'en');
    const durationSeconds = words.at(-1)?.endSeconds ?? 0;
    const chapters = findChapters(talk, durationSeconds);
    const changes = talk.sentences.flatMap((sentence) => (sentence.text.startsWith('Let me ask') ? [sentence.startSeconds] : []));
    expect(chapters[0]?.startSeconds).toBe(0);
    expect(chapters.length).toBeGreaterThanOrEqual(3);
    for (const change of changes.slice(1)) {
      expect(Math.min(...chapters.map((chapter) => Math.abs(chapter.startSeconds - change)))).toBeLessThan(1);
    }
    expect(new Set(chapters.map((chapter) => chapter.title)).size).toBe(chapters.length);
    expect(chapters[0]?.title.toLowerCase()).toMatch(/glacier|ice|valley|meltwater|moraine|snow/);
  });

  it('leaves a short video whole', () => {
    const { words, durationSeconds } = talkWithStory(3, 0.5);
    expect(findChapters(buildTalk(words, [], 'en'), durationSeconds)).toEqual([]);
  });
});

describe('certifyBoundaries', () => {
  const windowOf = (first: number, last: number) => ({ first, last, startSeconds: 0, endSeconds: 0, values: new Float64Array() });
  const talk = buildTalk(
    wordsOf([
      { text: 'Why did the bridge fall down?', speaker: 'A' },
      { text: 'It carried far more than anybody had planned.', speaker: 'B' },
      { text: 'The engineers knew that and said nothing.', speaker: 'B' },
      { text: 'Would you drive over it again?', speaker: 'A' },
    ]),
    [],
    'en',
  );
  const failed = (first: number, last: number) =>
    certifyBoundaries(talk, windowOf(first, last)).flatMap((check) => (check.passed ? [] : [check.name]));

  it('passes a question with its answer and quotes the payoff', () => {
    expect(failed(0, 2)).toEqual([]);
    expect(certifyBoundaries(talk, windowOf(0, 2)).at(-1)?.evidence).toContain('said nothing');
  });

  it('fails an answer without its question, a pronoun at the start, and a question at the end', () => {
    expect(failed(1, 2)).toEqual(['no_dangling_pronoun', 'question_present']);
    expect(failed(2, 3)).toEqual(['payoff']);
  });

  it('finds the question where the other person went on after it', () => {
    const asked = buildTalk(
      wordsOf([
        { text: 'How did you find the bridge?', speaker: 'A' },
        { text: 'I am really curious about that.', speaker: 'A' },
        { text: 'An old map of the valley showed it.', speaker: 'B' },
        { text: 'Nobody had walked there for years.', speaker: 'B' },
      ]),
      [],
      'en',
    );
    const check = (first: number) => certifyBoundaries(asked, windowOf(first, 3)).find(({ name }) => name === 'question_present');
    expect(check(2)).toMatchObject({ passed: false, evidence: expect.stringContaining('find the bridge') as string });
    expect(check(3)).toMatchObject({ passed: true });
  });

  it('comes with every clip chosen from sentences', () => {
    const { words, durationSeconds } = talkWithStory(6, 0.4);
    const options = { clipCount: 3, minClipSeconds: 15, maxClipSeconds: 60, language: null };
    for (const clip of suggestClips({ durationSeconds, words, analysis: null, options })) {
      expect(clip.boundaries.map((check) => check.name)).toEqual([
        'starts_on_sentence',
        'ends_on_sentence',
        'no_dangling_pronoun',
        'question_present',
        'payoff',
      ]);
    }
  });
});
