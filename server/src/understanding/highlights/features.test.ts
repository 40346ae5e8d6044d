import { describe, expect, it } from 'vitest';
import { endQuality, startQuality } from './features.ts';
import { buildTalk } from './talk.ts';
import { wordsOf } from './testTalk.ts';

const lines = (...texts: string[]) => buildTalk(wordsOf(texts.map((text) => ({ text, speaker: 'A' }))), [], 'en');

describe('startQuality', () => {
  it('looks behind an opening that can be cut off', () => {
    const talk = lines(
      'We built a bridge.',
      'And that creates a problem for everybody.',
      'And I saw it coming for years.',
      'I saw it coming for years.',
    );
    const [, pointing = 0, tied = 0, plain = 0] = talk.sentences.map((_, i) => startQuality(talk, i));
    expect(pointing).toBeLessThan(tied);
    expect(tied).toBeLessThan(plain);
    expect(plain - tied).toBeLessThan(0.2);
  });

  it('neither ends nor begins a clip where somebody trails off', () => {
    const talk = lines(
      'He was a great coach of the valley.',
      'And someone asked him once ...',
      'What is the secret of the team?',
      'He told them to do their best.',
    );
    expect(talk.sentences[1]?.isBroken).toBe(true);
    expect(endQuality(talk, 1)).toBeLessThanOrEqual(0.2);
    expect(startQuality(talk, 2)).toBeLessThanOrEqual(0.2);
    expect(endQuality(talk, 3)).toBeGreaterThan(0.5);
  });

  it('asks for the question also where the other person went on after it', () => {
    const say = (question: string) =>
      buildTalk(
        wordsOf([
          { text: question, speaker: 'A' },
          { text: 'I am really curious about that.', speaker: 'A' },
          { text: 'An old map of the valley showed it.', speaker: 'B' },
        ]),
        [],
        'en',
      );
    expect(startQuality(say('How did you find the bridge?'), 2)).toBeLessThan(startQuality(say('You did find the bridge.'), 2));
  });
});
