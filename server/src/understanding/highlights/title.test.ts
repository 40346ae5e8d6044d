import { describe, expect, it } from 'vitest';
import { buildTalk } from './talk.ts';
import { wordsOf } from './testTalk.ts';
import { titleFor } from './title.ts';

/** The title of a clip that is all of these sentences. */
function titleOf(...sentences: string[]): string {
  const talk = buildTalk(wordsOf(sentences.map((text) => ({ text }))), [], 'en');
  return titleFor(talk, 0, talk.sentences.length - 1, new Set());
}

describe('titleFor', () => {
  it('lets a sentence end as it ended, and lets nothing hang where one was cut', () => {
    expect(titleOf('That was years ago.', 'Nobody had told us why the harbour would.', 'Well, so it goes.')).toBe(
      'Nobody had told us why the harbour would',
    );
    const cut = titleOf(
      'That was years ago.',
      'The harbour was flooded by the river in a night that no fisherman of the harbour and the town ever forgot in the years after.',
    );
    expect(cut.split(' ').length).toBeLessThanOrEqual(12);
    expect(cut).not.toMatch(/ (that|no|the|of|a|in|by|and)$/);
  });

  it('rather takes a whole sentence than a piece that leans on another', () => {
    expect(
      titleOf(
        'So that was how it began for the harbour.',
        'And the harbour, which the river floods, is where the harbour boats of the harbour master and all of his sons were kept in winter.',
        'The river floods the harbour.',
      ),
    ).toBe('The river floods the harbour');
  });

  it('names the subject where the clause does not', () => {
    expect(titleOf('The committee met again.', 'Boats, boats, boats and more boats.', 'It was never boring to watch.')).toMatch(/[Bb]oats/);
  });
});
