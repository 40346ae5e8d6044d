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

  it('takes no piece without a subject or without a verb of its own', () => {
    expect(
      titleOf(
        'We grew quickly.',
        'And that creates harbour bureaucracy, which slows the harbour.',
        'Harbour bureaucracy slows every captain down.',
      ),
    ).toBe('Harbour bureaucracy slows every captain down');
    expect(titleOf('We met again.', 'And that creates harbour bureaucracy.')).toBe('That creates harbour bureaucracy');
    expect(
      titleOf(
        'Number one is simple.',
        'The harbour captain, unless he is no sailor, should think of himself as the harbour captain of every boat and be there in the harbour.',
        'A harbour captain sails in every storm.',
      ),
    ).toBe('A harbour captain sails in every storm');
  });

  it('names the subject where the clause does not', () => {
    expect(titleOf('The committee met again.', 'Boats, boats, boats and more boats.', 'It was never boring to watch.')).toMatch(/[Bb]oats/);
  });

  it('says with an ellipsis that a thought goes on, and never ends where a speaker broke off', () => {
    expect(
      titleOf(
        'That was years ago.',
        'And if you build the harbour before the town, the harbour master of the next century will have to buy everything back from everybody.',
      ),
    ).toBe('If you build the harbour before the town …');
    const broken = titleOf('That was years ago.', 'We had dumbed down the harbour of...', 'A harbour needs a captain.');
    expect(broken).toBe('A harbour needs a captain');
  });

  it('takes what somebody is quoted with, without who said it', () => {
    expect(titleOf('That was years ago.', 'And he said, "Can the harbour keep the harbour boats?"')).toBe(
      'Can the harbour keep the harbour boats?',
    );
  });

  it('leaves out what only counts or joins', () => {
    expect(titleOf('That was years ago.', 'Two, captains are poor sailors.')).toBe('Captains are poor sailors');
  });

  it('puts only what names something in front', () => {
    const title = titleOf(
      'That was years ago.',
      'The tower was extremely haunted, extremely haunted.',
      'It was extremely haunted and the tower fell.',
      'They never came back to see it again.',
      'I would not go there, and it seemed to me that they seemed to know.',
    );
    expect(title).not.toMatch(/^(Extremely|Haunted|Seemed)/);
  });
});
