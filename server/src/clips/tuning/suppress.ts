/**
 * From a day's reports to figures in which nobody can be told apart. Keeps: A3.
 *
 * A group is safe when it has at least k contributors and none made more than a fifth of its clips. Released are safe cells that do not overlap;
 * what is in no cell (the remainder) is safe or empty too, because whoever knows how many clips there were in all can subtract. Every contributor
 * counts once: figures are means of contributors' means, so that one of n moves them by a share of 1/n at most.
 */
import type { EncodingBand, EncodingSettings } from '@carmic/contract';

/** Which clips with which settings. */
export type CellKey = EncodingBand & EncodingSettings & { preset: string };

/** What one contributor gave to one cell on one day. */
export interface Contribution {
  key: CellKey;
  /** Workspaces of one owner are one contributor. */
  contributor: string;
  clips: number;
  score: number;
  /** Mean of the squares. */
  scoreSquare: number;
  bitsPerPixel: number;
}

/** One figure that may be kept and shown. */
export interface ReleasedCell {
  key: CellKey;
  contributors: number;
  score: number;
  deviation: number;
  bitsPerPixel: number;
}

const largestShare = 0.2;

/** Whether nobody can be told apart in a group. */
export function isSafe(group: readonly Contribution[], minimumGroup: number): boolean {
  const clipsOf = new Map<string, number>();
  for (const { contributor, clips } of group) {
    clipsOf.set(contributor, (clipsOf.get(contributor) ?? 0) + clips);
  }
  const counts = [...clipsOf.values()];
  const all = counts.reduce((sum, clips) => sum + clips, 0);
  return counts.length >= minimumGroup && Math.max(...counts) <= largestShare * all;
}

const nameOf = (key: CellKey) => [key.encoder, key.resolution, key.frameRate, key.duration, key.preset, key.rate].join(' ');
/** The cell that takes what is too little for cells of its own. */
const widened = (key: CellKey): CellKey => ({ ...key, frameRate: 'other', duration: 'other' });

interface Cell {
  key: CellKey;
  group: Contribution[];
}

function group(contributions: readonly Contribution[], keyOf: (key: CellKey) => CellKey): Cell[] {
  const cells = new Map<string, Cell>();
  for (const contribution of contributions) {
    const key = keyOf(contribution.key);
    const cell = cells.get(nameOf(key)) ?? { key, group: [] };
    cell.group.push(contribution);
    cells.set(nameOf(key), cell);
  }
  return [...cells.values()];
}

/** Chooses what of a day is released. */
export function releaseDay(contributions: readonly Contribution[], minimumGroup: number): ReleasedCell[] {
  const isCellSafe = (cell: Cell) => isSafe(cell.group, minimumGroup);
  const fine = group(contributions, (key) => key);
  const rest = fine.filter((cell) => !isCellSafe(cell)).flatMap((cell) => cell.group);
  const wide = group(rest, widened);
  const released = [...fine, ...wide].filter(isCellSafe).sort((a, b) => countOf(b) - countOf(a) || (nameOf(a.key) < nameOf(b.key) ? -1 : 1));
  const remainder = wide.filter((cell) => !isCellSafe(cell)).flatMap((cell) => cell.group);
  // The smallest cells go until what is missing from all clips says nothing of anybody.
  while (remainder.length > 0 && released.length > 0 && !isSafe(remainder, minimumGroup)) {
    remainder.push(...(released.pop()?.group ?? []));
  }
  return released.map(({ key, group: members }) => ({ key, ...figuresOf(members) }));
}

const countOf = ({ group: members }: Cell) => new Set(members.map(({ contributor }) => contributor)).size;

function figuresOf(members: readonly Contribution[]): Omit<ReleasedCell, 'key'> {
  const byPerson = new Map<string, Contribution[]>();
  for (const each of members) {
    byPerson.set(each.contributor, [...(byPerson.get(each.contributor) ?? []), each]);
  }
  const people = [...byPerson.values()].map((own) => {
    const clips = own.reduce((sum, each) => sum + each.clips, 0);
    const mean = (value: (each: Contribution) => number) => own.reduce((sum, each) => sum + value(each) * each.clips, 0) / clips;
    return { score: mean((each) => each.score), square: mean((each) => each.scoreSquare), bits: mean((each) => each.bitsPerPixel) };
  });
  const mean = (value: (person: (typeof people)[number]) => number) => people.reduce((sum, each) => sum + value(each), 0) / people.length;
  const score = mean((each) => each.score);
  const deviation = Math.sqrt(Math.max(0, mean((each) => each.square) - score ** 2));
  return { contributors: people.length, score: round(score, 4), deviation: round(deviation, 4), bitsPerPixel: round(mean((each) => each.bits), 4) };
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));
