import { describe, expect, test } from 'vitest';
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
