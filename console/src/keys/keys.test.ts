import { describe, expect, test } from 'vitest';
import { cutAt } from '../video/cutAt.ts';
import { findCommands } from './findCommands.ts';

describe('the palette', () => {
  const commands = ['Library', 'Übersicht', 'Sign out', 'The river and the harbour'].map((label) => ({ key: label, label }));
  const find = (question: string) => findCommands(commands, question).map(({ label }) => label);

  test('finds by the beginnings of words, whatever their marks and case', () => {
    expect(find('')).toHaveLength(4);
    expect(find('uber')).toEqual(['Übersicht']);
    expect(find('har the')).toEqual(['The river and the harbour']);
    expect(find('out')).toEqual(['Sign out']);
    expect(find('ibrary')).toEqual([]);
  });

  test('puts whole beginnings first', () => {
    const some = ['All of the library', 'Library'].map((label) => ({ key: label, label }));
    expect(findCommands(some, 'lib').map(({ label }) => label)).toEqual(['Library', 'All of the library']);
  });
});

describe('cutting at the playhead', () => {
  const segments = [
    { startSeconds: 10, endSeconds: 14 },
    { startSeconds: 20, endSeconds: 30 },
  ];

  test('takes away what is outside, also whole pieces', () => {
    expect(cutAt(segments, 'start', 22)).toEqual([{ startSeconds: 22, endSeconds: 30 }]);
    expect(cutAt(segments, 'end', 12.5)).toEqual([{ startSeconds: 10, endSeconds: 12.5 }]);
    expect(cutAt(segments, 'start', 17)).toEqual([{ startSeconds: 20, endSeconds: 30 }]);
  });

  test('extends beyond what there is', () => {
    expect(cutAt(segments, 'start', 4)?.[0]).toEqual({ startSeconds: 4, endSeconds: 14 });
    expect(cutAt(segments, 'end', 41)?.[1]).toEqual({ startSeconds: 20, endSeconds: 41 });
  });

  test('leaves nothing shorter than a second', () => {
    expect(cutAt(segments, 'start', 29.5)).toBeNull();
    expect(cutAt(segments, 'end', 10)).toBeNull();
    expect(cutAt([], 'end', 10)).toBeNull();
    // A piece of less than a frame goes as a whole: the server would refuse the cut for it.
    expect(cutAt(segments, 'start', 13.98)).toEqual([{ startSeconds: 20, endSeconds: 30 }]);
  });
});
