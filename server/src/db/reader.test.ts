import { describe, expect, it } from 'vitest';
import { createFill } from './reader.ts';

const fill = createFill((value) => (value === null ? 'NULL' : `<${String(value)}>`));

describe('filling in a statement', () => {
  it('puts values in the places of their names and leaves casts alone', () => {
    expect(fill('SELECT :id::text, a::uuid FROM t WHERE at > :now AND n = :none', { id: 'x', now: new Date(0), none: null })).toBe(
      'SELECT <x>::text, a::uuid FROM t WHERE at > <1970-01-01T00:00:00.000Z> AND n = NULL',
    );
  });

  it('does not take a value for a name', () => {
    expect(fill('SELECT :a, :b', { a: ':b', b: '$1' })).toBe('SELECT <:b>, <$1>');
  });

  it.each([{}, { a: undefined }, { a: ['x'] }, { a: { b: 1 } }])('refuses %j', (values) => {
    expect(() => fill('SELECT :a', values)).toThrow('names :a');
  });
});
