import { describe, expect, it } from 'vitest';
import { findByLetters } from './menuPlace.ts';

describe('letters typed in a menu', () => {
  const texts = ['Account', 'Personal data', 'Engines', 'Light', 'Dark', 'English', 'Deutsch'];

  it('lead to the next line that begins with them, round the end', () => {
    expect(findByLetters(texts, 'e', -1)).toBe(2);
    expect(findByLetters(texts, 'e', 2)).toBe(5);
    expect(findByLetters(texts, 'e', 5)).toBe(2);
    expect(findByLetters(texts, 'de', 4)).toBe(6);
  });

  it('stay on a line that goes on beginning with them, and go through all with one letter again and again', () => {
    expect(findByLetters(texts, 'eng', 2)).toBe(2);
    expect(findByLetters(texts, 'dd', 4)).toBe(6);
    expect(findByLetters(texts, 'dd', 6)).toBe(4);
  });

  it('lead nowhere when nothing begins with them', () => {
    expect(findByLetters(texts, 'x', 0)).toBe(-1);
    expect(findByLetters([], 'a', -1)).toBe(-1);
  });
});
