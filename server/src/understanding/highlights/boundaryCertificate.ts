import type { BoundaryCheck } from '@carmic/contract';
import { askedBefore } from './asked.ts';
import { quote } from './explain.ts';
import { dangling } from './lexicon.ts';
import type { Talk } from './talk.ts';
import type { Window } from './windows.ts';

/** Words at the start that point at something said before; unlike conjunctions, a listener cannot skip them. */
const pronouns = new Set("he she it they him her them his its their this that these those he's she's it's that's they're".split(' '));

/** Says of a clip, with its own words, whether its edges stand alone: for people to see, and to check against what they hear. */
export function certifyBoundaries(talk: Talk, window: Window, firstWord?: number): BoundaryCheck[] {
  const first = talk.sentences[window.first];
  const last = talk.sentences[window.last];
  if (first === undefined || last === undefined) {
    return [];
  }
  const before = talk.sentences[window.first - 1];
  const opening = talk.tokens[firstWord ?? first.first] ?? '';
  const asked = askedBefore(talk, window.first);
  const payoff = talk.sentences
    .slice(window.first, window.last + 1)
    .findLast((sentence) => sentence.last - sentence.first >= 3 && !sentence.isQuestion);
  return [
    {
      name: 'starts_on_sentence',
      label: 'Starts on a sentence',
      passed: !(before?.isBroken === true && first.startSeconds - before.endSeconds < 1.2),
      evidence: quote(first.text),
    },
    { name: 'ends_on_sentence', label: 'Ends on a sentence', passed: !last.isBroken, evidence: quote(last.text) },
    {
      name: 'no_dangling_pronoun',
      label: 'Opens without pointing back',
      passed: !pronouns.has(opening),
      evidence: pronouns.has(opening)
        ? `It opens with “${opening}”.`
        : dangling.has(opening)
          ? `It opens with “${opening}”, which can be cut.`
          : `It opens with “${opening}”.`,
    },
    {
      name: 'question_present',
      label: 'The question is inside',
      passed: asked === null,
      evidence: asked ? `Left outside: ${quote(asked.text)}` : first.isQuestion ? quote(first.text) : 'Nothing was asked just before it.',
    },
    {
      name: 'payoff',
      label: 'Ends with a statement',
      passed: payoff !== undefined && !last.isQuestion,
      evidence: payoff === undefined ? 'No statement of four words or more is in it.' : quote(payoff.text, 120),
    },
  ];
}
