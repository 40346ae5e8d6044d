import { describe, expect, it } from 'vitest';
import { joinPieces, withoutLoops, wordsOfChunk } from './cleanPieces.ts';

const pieces = (...texts: string[]) => texts.map((text, i) => ({ text, startSeconds: i * 0.5, endSeconds: i * 0.5 + 0.5 }));
const always = () => true;
const textOf = (...texts: string[]) =>
  wordsOfChunk(pieces(...texts), 10, 0, always)
    .map((word) => word.text)
    .join(' ');

describe('wordsOfChunk', () => {
  it('joins the parts of a word and gives punctuation to the word before it', () => {
    expect(joinPieces(pieces(' Hamil', 'ton', ' is', ' here', '.', ' Yes')).map((word) => word.text)).toEqual([
      'Hamilton',
      'is',
      'here.',
      'Yes',
    ]);
  });

  it('drops what whisper invents over noise when it is all there is', () => {
    expect(textOf(' Thanks', ' for', ' watching', '!')).toBe('');
    expect(textOf(' you')).toBe('');
    expect(textOf(' Untertitel', ' der', ' Amara', '.org-Community')).toBe('');
    expect(textOf(' [MUSIC', ' PLAYING]')).toBe('');
    expect(textOf(' Thank', ' you', ' for', ' watching', ' the', ' river', ' with', ' me.')).toContain('river');
  });

  it('drops sound effects inside speech', () => {
    expect(textOf(' So', ' (', 'applause', ')', ' we', ' [laughs]', ' won.')).toBe('So we won.');
  });

  it('ends a loop', () => {
    expect(
      withoutLoops(pieces(...Array.from({ length: 40 }, () => [' I', ' know']).flat(), ' that')).map((word) => word.text.trim()),
    ).toEqual(['I', 'know', 'that']);
    expect(textOf(' no', ' no', ' no', ' stop')).toBe('no no no stop');
  });

  it('puts times on the line of the source, off silence and in order', () => {
    const words = wordsOfChunk(
      [
        { text: ' one', startSeconds: 0, endSeconds: 2 },
        { text: ' two', startSeconds: 1.9, endSeconds: 1.9 },
      ],
      100,
      100.2,
      (seconds) => seconds > 0.4 && seconds < 1,
    );
    expect(words[0]?.startSeconds).toBeCloseTo(100.4, 1);
    expect(words[0]?.endSeconds).toBeCloseTo(101, 1);
    expect(words[1]?.startSeconds).toBeGreaterThanOrEqual(words[0]?.endSeconds ?? 0);
    expect(words[1]?.endSeconds).toBeGreaterThan(words[1]?.startSeconds ?? 0);
  });
});
