import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggestClips } from './suggestClips.ts';
import type { SuggestedClip } from './suggestedClip.ts';
import { analysisWithPeak, talkWithStory, wordsOf } from './testTalk.ts';

const options = { clipCount: 5, minClipSeconds: 15, maxClipSeconds: 60, language: null };

function expectWhole(
  clips: readonly SuggestedClip[],
  words: readonly { startSeconds: number; endSeconds: number }[],
  durationSeconds: number,
): void {
  const sorted = [...clips].sort((a, b) => a.startSeconds - b.startSeconds);
  for (const [i, clip] of sorted.entries()) {
    expect(clip.startSeconds).toBeGreaterThanOrEqual(sorted[i - 1]?.endSeconds ?? 0);
    expect(clip.endSeconds).toBeGreaterThan(clip.startSeconds);
    expect(clip.endSeconds).toBeLessThanOrEqual(durationSeconds);
    expect(clip.score).toBeGreaterThanOrEqual(0);
    expect(clip.score).toBeLessThanOrEqual(100);
    expect(clip.scoreParts.reduce((sum, part) => sum + part.points, 0)).toBeCloseTo(clip.score, 5);
    for (const part of clip.scoreParts) {
      expect(part.reason).toMatch(/[.?!”"]$/);
    }
    for (const word of words) {
      for (const edge of [clip.startSeconds, clip.endSeconds]) {
        expect(edge > word.startSeconds + 1e-6 && edge < word.endSeconds - 1e-6).toBe(false);
      }
    }
  }
}

describe('suggestClips with words', () => {
  it('finds the story in a dull talk wherever it is told', () => {
    for (const share of [0.1, 0.5, 0.85]) {
      const { words, durationSeconds } = talkWithStory(10, share);
      const clips = suggestClips({ durationSeconds, words, analysis: null, options });
      expectWhole(clips, words, durationSeconds);
      expect(clips[0]?.excerpt, `story at ${share}`).toContain('four hundred books');
    }
  });

  it('gives the same clips for the same input', () => {
    const { words, durationSeconds } = talkWithStory(6, 0.4);
    const run = () => suggestClips({ durationSeconds, words, analysis: null, options });
    expect(run()).toEqual(run());
  });

  it('begins with the question when the answer is what is good', () => {
    const dull = Array.from({ length: 30 }, (_, i) => ({
      text: `Point ${i} of the list is filed in the usual cabinet again.`,
      speaker: 'A',
    }));
    const words = wordsOf([
      ...dull,
      { text: 'What was the worst mistake you ever made on the river?', speaker: 'A' },
      { text: 'I lost my best friend because I never checked the rope.', speaker: 'B' },
      { text: 'Everybody said it was an accident, but the truth is that I was afraid.', speaker: 'B' },
      { text: 'I was twenty and I thought nothing could happen to us.', speaker: 'B' },
      { text: 'The most important lesson of my life is to check the rope.', speaker: 'B' },
      ...dull,
    ]);
    const [best] = suggestClips({ durationSeconds: 400, words, analysis: null, options: { ...options, clipCount: 1, maxClipSeconds: 30 } });
    expect(best?.excerpt).toContain('What was the worst mistake');
    expect(best?.excerpt).toContain('check the rope');
  });

  it('leaves sponsor messages and greetings out', () => {
    const { words: talk } = talkWithStory(4, 0.6);
    const ad = wordsOf([
      { text: 'This episode is brought to you by Riverware, the best and most amazing boat software.' },
      { text: 'Everyone loves it and nobody ever regrets the purchase, which is incredible.' },
      { text: 'You will never lose a single paddle again, I promise you that.' },
      { text: 'Go to riverware.com and use the code PADDLE for twenty percent off.' },
    ]);
    const shift = (ad.at(-1)?.endSeconds ?? 0) + 1;
    const words = [
      ...ad,
      ...talk.map((word) => ({ ...word, startSeconds: word.startSeconds + shift, endSeconds: word.endSeconds + shift })),
    ];
    const clips = suggestClips({ durationSeconds: 330, words, analysis: null, options: { ...options, clipCount: 8 } });
    expect(clips.length).toBeGreaterThanOrEqual(2);
    expect(clips.every((clip) => !clip.excerpt.includes('Riverware') && !clip.excerpt.includes('paddle'))).toBe(true);
  });

  it('works on words without punctuation and capitals', () => {
    const { words, durationSeconds } = talkWithStory(8, 0.5);
    const bare = words.map((word) => ({ ...word, text: word.text.toLowerCase().replace(/[.,?!]/g, '') }));
    const clips = suggestClips({ durationSeconds, words: bare, analysis: null, options });
    expectWhole(clips, bare, durationSeconds);
    const starts = new Set(words.flatMap((word, i) => (i === 0 || /[.?!]$/.test(words[i - 1]?.text ?? '') ? [word.startSeconds] : [])));
    const onEdge = clips.filter((clip) => [...starts].some((start) => Math.abs(start - clip.startSeconds) <= 0.35));
    expect(onEdge.length).toBe(clips.length);
  });

  it('names each clip in 3 to 12 words, not with its opening words, and no two alike', () => {
    const { words, durationSeconds } = talkWithStory(8, 0.3);
    const clips = suggestClips({ durationSeconds, words, analysis: null, options });
    for (const clip of clips) {
      const count = clip.title.split(' ').length;
      expect(count).toBeGreaterThanOrEqual(3);
      expect(count).toBeLessThanOrEqual(12);
      expect(clip.excerpt.toLowerCase().startsWith(clip.title.toLowerCase())).toBe(false);
      expect(clip.tags.length).toBeGreaterThan(0);
    }
    expect(new Set(clips.map((clip) => clip.title)).size).toBe(clips.length);
  });

  it('keeps its promises for any words', () => {
    const word = fc.record({
      text: fc.constantFrom(
        'So',
        'we',
        'never',
        'lost.',
        'Why?',
        'river',
        'is',
        'sponsored',
        'Thanks',
        'for',
        'listening.',
        '[Music]',
        'a',
        '你好',
        '…',
      ),
      gap: fc.constantFrom(0, 0.05, 0.3, 2, 9),
      length: fc.constantFrom(0.02, 0.3, 1),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 150 }), fc.integer({ min: 3, max: 300 }), (parts, extra) => {
        let at = 0;
        const words = parts.map(({ text, gap, length }) => {
          const startSeconds = at + gap;
          at = startSeconds + length;
          return { text, startSeconds, endSeconds: at };
        });
        const durationSeconds = at + extra;
        const clips = suggestClips({ durationSeconds, words, analysis: null, options });
        expect(clips.length).toBeGreaterThan(0);
        expectWhole(clips, words, durationSeconds);
      }),
      { numRuns: 60 },
    );
  });

  it('ranks two hours of words in two seconds of processor time', () => {
    const { words, durationSeconds } = talkWithStory(120, 0.5);
    expect(words.length).toBeGreaterThan(15_000);
    // Processor time, not the clock: other work on the machine must not fail this.
    const before = process.cpuUsage();
    suggestClips({ durationSeconds, words, analysis: null, options: { ...options, clipCount: 20 } });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});

describe('suggestClips without words', () => {
  it('takes the loud and lively part of a video', () => {
    const analysis = analysisWithPeak(300, 120, 150);
    const [best] = suggestClips({ durationSeconds: 300, words: [], analysis, options });
    expect(best?.startSeconds).toBeGreaterThanOrEqual(110);
    expect(best?.endSeconds).toBeLessThanOrEqual(160);
    expect(best?.title).toMatch(/at 1:5\d|at 2:0\d/);
    expectWhole(best === undefined ? [] : [best], [], 300);
  });

  it('works on a silent video and on one that is not analysed', () => {
    const silent = suggestClips({ durationSeconds: 200, words: [], analysis: analysisWithPeak(200, 60, 90, false), options });
    expect(Math.abs((silent[0]?.startSeconds ?? 0) - 60)).toBeLessThan(8);
    expect(suggestClips({ durationSeconds: 200, words: [], analysis: null, options }).length).toBeGreaterThan(0);
  });

  it('gives a short video as a whole and a 20 s video a sensible part', () => {
    expect(suggestClips({ durationSeconds: 9, words: [], analysis: null, options })).toMatchObject([{ startSeconds: 0, endSeconds: 9 }]);
    const [clip] = suggestClips({ durationSeconds: 20, words: [], analysis: analysisWithPeak(20, 5, 12), options });
    expect((clip?.endSeconds ?? 0) - (clip?.startSeconds ?? 0)).toBeGreaterThanOrEqual(15);
    const words = wordsOf([{ text: 'Two short sentences are all there is.' }, { text: 'This is the other one of them.' }]);
    expect(suggestClips({ durationSeconds: 8, words, analysis: null, options })).toMatchObject([{ startSeconds: 0, endSeconds: 8 }]);
    expect(suggestClips({ durationSeconds: 2, words: [], analysis: null, options })).toEqual([]);
  });
});
