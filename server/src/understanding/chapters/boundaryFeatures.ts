import type { Talk } from '../highlights/talk.ts';
import { isContentToken } from '../highlights/tokens.ts';

/** How people turn to another subject. English; without it turns, questions and words carry the choice. */
const turnsToOther =
  /\b(let me ask|let's (talk|go|move|jump|switch|get|start|discuss)|i (have|want|wanted|would love|'d love|gotta) to ask|can (you|we) (talk|speak|tell|take|linger|explain|describe|go back)|could you (talk|speak|tell|explain|describe)|tell me about|speaking of|you (wrote|said|mentioned|tweeted|posted|have said|'ve said|have written|gave|were|grew)|going back|go back to|moving on|next (topic|question|item|slide|up)|what about|another (topic|question)|in (your|the) book|what is|what's|what are|what do you think about|what advice|by the way|all right|alright|okay so|first (question|of all)|last question|the meaning of)\b/i;

/** What a place between two sentences is judged by, with the weights of a logistic regression: docs/highlights.md says how it was fitted. */
export const boundaryWeights = {
  turn: 0.23,
  turnWithQuestion: 0.215,
  turnWithCue: 0.102,
  wordsChange: 0.72,
  wordsChangeAtTurn: 0.018,
  newSubject: 0.316,
  newSubjectAtTurn: 0.299,
  turnLength: -0.039,
  turnBefore: -0.099,
  cue: 0.309,
  question: 0.272,
} as const;
type Feature = keyof typeof boundaryWeights;

const blockSentences = 40;
const sideTokens = 150;
const subjectSentences = 60;

function contentOf(talk: Talk): string[][] {
  return talk.sentences.map((sentence) =>
    talk.tokens.slice(sentence.first, sentence.last + 1).filter((token) => isContentToken(token, talk.functions)),
  );
}

/** Rarity of tokens over blocks of sentences. */
function rarityOf(content: readonly string[][]): Map<string, number> {
  const blocks = new Map<string, number>();
  for (let i = 0; i < content.length; i += blockSentences) {
    for (const token of new Set(content.slice(i, i + blockSentences).flat())) {
      blocks.set(token, (blocks.get(token) ?? 0) + 1);
    }
  }
  const count = content.length / blockSentences + 1;
  return new Map([...blocks].map(([token, uses]) => [token, Math.log(1 + count / uses)]));
}

function countOf(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) {
    counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return counts;
}

function sideOf(content: readonly string[][], from: number, step: 1 | -1): string[] {
  const tokens: string[] = [];
  for (let i = from; i >= 0 && i < content.length && tokens.length < sideTokens; i += step) {
    tokens.push(...(content[i] ?? []));
  }
  return tokens;
}

/** How different the words before and after a place are, 0 to 1: cosine of weighted counts (Hearst 1997, TextTiling). */
function differenceAt(content: readonly string[][], rarity: ReadonlyMap<string, number>, i: number): number {
  const weigh = (tokens: string[]) =>
    new Map([...countOf(tokens)].map(([token, n]) => [token, (1 + Math.log(n)) * (rarity.get(token) ?? 0)]));
  const before = weigh(sideOf(content, i - 1, -1));
  const after = weigh(sideOf(content, i, 1));
  const norm = (side: ReadonlyMap<string, number>) => Math.sqrt([...side.values()].reduce((sum, value) => sum + value * value, 0)) || 1;
  const dot = [...before].reduce((sum, [token, value]) => sum + value * (after.get(token) ?? 0), 0);
  return 1 - dot / norm(before) / norm(after);
}

/** Whether what is said next goes on to be spoken of, and was not before: mean over the words of the next four sentences. */
function newSubjectAt(content: readonly string[][], rarity: ReadonlyMap<string, number>, i: number): number {
  const before = countOf(content.slice(Math.max(0, i - subjectSentences), i).flat());
  const after = countOf(content.slice(i + 1, i + subjectSentences).flat());
  const next = new Set(content.slice(i, i + 4).flat());
  let sum = 0;
  for (const token of next) {
    sum += (rarity.get(token) ?? 0) * Math.max(-1, Math.min(1, ((after.get(token) ?? 0) - (before.get(token) ?? 0)) / 3));
  }
  return sum / (next.size + 3);
}

function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length)) + 1e-9;
  return values.map((value) => (value - mean) / spread);
}

/** Start of the turn each sentence belongs to, and of the one before and after it. */
function turnsOf(talk: Talk): { startOf: Int32Array; starts: number[] } {
  const startOf = new Int32Array(talk.sentences.length);
  const starts: number[] = [];
  if (talk.speakerCount >= 2) {
    for (const [i, sentence] of talk.sentences.entries()) {
      if (sentence.isTurnStart) {
        starts.push(i);
      }
      startOf[i] = starts.length - 1;
    }
  }
  return { startOf, starts };
}

/** How likely a chapter begins at each sentence, in log odds that compare within one video. */
export function boundaryPoints(talk: Talk): Float64Array {
  const content = contentOf(talk);
  const rarity = rarityOf(content);
  const differences = standardised(talk.sentences.map((_, i) => differenceAt(content, rarity, i)));
  const { startOf, starts } = turnsOf(talk);
  const secondsAt = (i: number | undefined) => (i === undefined ? null : (talk.sentences[i]?.startSeconds ?? null));
  return Float64Array.from(talk.sentences, (sentence, i) => {
    const turn = startOf[i] ?? 0;
    const turnEnd = secondsAt(starts[turn + 1]) ?? talk.sentences[Math.min(talk.sentences.length - 1, i + 6)]?.startSeconds ?? 0;
    const text = talk.sentences
      .slice(i, i + 4)
      .filter((next) => next.startSeconds < turnEnd || starts.length === 0)
      .map((next) => next.text)
      .join(' ');
    const isTurn = starts.length > 0 && sentence.isTurnStart ? 1 : 0;
    const hasQuestion = talk.sentences
      .slice(i, i + 4)
      .some((next) => next.isQuestion && (next.startSeconds < turnEnd || starts.length === 0))
      ? 1
      : 0;
    const hasCue = turnsToOther.test(text) ? 1 : 0;
    const before = turn >= 1 ? (secondsAt(starts[turn]) ?? 0) - (secondsAt(starts[turn - 1]) ?? 0) : 0;
    const newSubject = newSubjectAt(content, rarity, i);
    const features: Record<Feature, number> = {
      turn: isTurn,
      turnWithQuestion: isTurn * hasQuestion,
      turnWithCue: isTurn * hasCue,
      wordsChange: differences[i] ?? 0,
      wordsChangeAtTurn: isTurn * (differences[i] ?? 0),
      newSubject,
      newSubjectAtTurn: isTurn * newSubject,
      turnLength: isTurn * Math.min(3, Math.log1p(Math.max(0, turnEnd - sentence.startSeconds) / 10)),
      turnBefore: isTurn * Math.min(3, Math.log1p(Math.max(0, before) / 20)),
      cue: hasCue,
      question: hasQuestion,
    };
    return Object.entries(boundaryWeights).reduce((sum, [name, weight]) => sum + weight * features[name as Feature], 0);
  });
}
