import { describe, expect, it } from 'vitest';
import { textLogit } from './classifier.ts';
import { plainWords } from './normalize.ts';
import { defaultPolicy, judgeText } from './policy.ts';

describe('judgeText', () => {
  it('flags abuse and names its category', () => {
    expect(judgeText('You are a disgusting piece of shit and I hope you die.')).toMatchObject({ isFlagged: true });
    expect(judgeText('All immigrants are vermin and should be burned.')).toMatchObject({ isFlagged: true, category: 'hate' });
    expect(judgeText('shut up you stupid fucking bitch')).toMatchObject({ isFlagged: true, category: 'profanity' });
  });

  it('leaves everyday speech, and groups that are merely named, alone', () => {
    for (const text of [
      'We moved the meeting to Thursday because the budget is not ready yet.',
      'My neighbours are Muslim and they bring us sweets every year.',
      'She is a gay woman who runs a bakery in our street.',
      'How do I kill a process that does not answer?',
      'This recipe is to die for, you should try it with lemon.',
    ]) {
      expect(judgeText(text).isFlagged, text).toBe(false);
    }
  });

  it('reads letters that were replaced or spelled out', () => {
    const plain = textLogit('i hate those fucking idiots');
    expect(textLogit('i h4te those fuck1ng idi0ts')).toBeCloseTo(plain, 5);
    expect(plainWords('f u c k &amp; $tupid sooooo @somebody https://x.example/y')).toEqual(['fuck', 'stupid', 'soo']);
  });

  it('is governed by the policy', () => {
    const text = 'shut up you stupid fucking bitch';
    const { score, category } = judgeText(text);
    expect(judgeText(text, { ...defaultPolicy, [category]: Math.min(1, score + 0.001) }).isFlagged).toBe(false);
    expect(judgeText('', defaultPolicy)).toMatchObject({ score: 0, isFlagged: false });
  });
});
