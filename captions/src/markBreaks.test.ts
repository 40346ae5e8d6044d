import type { CaptionBreak, Probe } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { loadFontStack } from '../node/fontFiles.ts';
import { captionFacts } from './captionFacts.ts';
import { joinWords } from './layCaptions.ts';
import { markBreaks } from './markBreaks.ts';
import { planCaptions } from './planCaptions.ts';
import { buildSrt } from './subtitles.ts';
import { planTimeline } from './timeline.ts';

const probe = { durationSeconds: 60, width: 1920, height: 1080, frameRate: 30 } as Probe;
// The clip begins at the tenth second of the source.
const timeline = planTimeline([{ startSeconds: 10, endSeconds: 20 }], probe, 60);
const words = 'We carried old books up the stairs'.split(' ').map((text, index) => ({
  text,
  startSeconds: 10 + index * 0.5,
  endSeconds: 10.4 + index * 0.5,
}));

function plan(breaks: CaptionBreak[], { heard = words, style = 'classic' }: { heard?: typeof words; style?: 'classic' | 'karaoke' } = {}) {
  const fonts = loadFontStack('montserrat', '');
  return planCaptions({ style, language: 'en', words: heard, timeline, width: 1080, height: 1920, fonts, breaks });
}
const linesOf = (made: ReturnType<typeof plan>) => made.captions.map(({ lines }) => lines.map(joinWords));
const assTexts = (ass: string) =>
  [...ass.matchAll(/^Dialogue: (?:[^,]*,){9}(.*)$/gm)].map((match) => (match[1] ?? '').replace(/\{[^}]*\}/g, ''));
const at = (text: string) => words.find((word) => word.text === text)?.startSeconds ?? 0;

describe('breaks that a person wants', () => {
  it('stand in the file that is drawn and burned in, and in the subtitles', () => {
    const bare = plan([]);
    expect(assTexts(bare.ass).join('\n')).not.toContain('carried\\Nold');
    const made = plan([{ atSeconds: at('old'), kind: 'break' }]);
    expect(assTexts(made.ass)[0]).toMatch(/^We carried\\Nold/);
    expect(buildSrt(made.captions)).toContain('We carried\nold');
  });

  it('take away a break by joining, and hold where another engine hears the words a little later', () => {
    const broken = linesOf(plan([], { style: 'karaoke' })).flat();
    const second = broken[1]?.split(' ')[0] ?? '';
    const joined = linesOf(plan([{ atSeconds: at(second), kind: 'join' }], { style: 'karaoke' })).flat();
    expect(broken.length).toBeGreaterThan(1);
    expect(joined.some((line) => line.includes(` ${second}`))).toBe(true);
    expect(joined.some((line) => line.startsWith(second))).toBe(false);
    const later = words.map((word) => ({ ...word, startSeconds: word.startSeconds + 0.12, endSeconds: word.endSeconds + 0.12 }));
    expect(linesOf(plan([{ atSeconds: at('old'), kind: 'break' }], { heard: later })).flat()).toContain('We carried');
    expect(markBreaks(words, [{ atSeconds: 40, kind: 'break' }]).some(({ before }) => before !== undefined)).toBe(false);
  });

  it('leave the certificate to say what came of it: two lines at most, and the speed as it is', () => {
    const all = words.slice(1).map(({ startSeconds }) => ({ atSeconds: startSeconds, kind: 'break' as const }));
    const made = plan(all);
    expect(linesOf(made).flat()).toEqual(words.map(({ text }) => text));
    expect(Math.max(...made.captions.map(({ lines }) => lines.length))).toBe(2);
    const facts = captionFacts({ plan: made, sourceWords: words, timeline, faces: [], isBurnedIn: true });
    expect(facts.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual([]);
    expect(facts.find(({ name }) => name === 'caption_speed')?.value).toBeGreaterThan(0);
  });
});
