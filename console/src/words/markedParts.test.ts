import { describe, expect, it } from 'vitest';
import { markedParts, readTranslations, writeTranslations } from './markedParts.ts';

describe('markedParts', () => {
  it('cuts at the marks and loses no letter', () => {
    const text = 'we carried four books';
    const parts = markedParts(text, [
      { from: 16, to: 21 },
      { from: 3, to: 10 },
      { from: 5, to: 30 },
    ]);
    expect(parts.map((part) => part.text).join('')).toBe(text);
    expect(parts.filter((part) => part.isMarked).map((part) => part.text)).toEqual(['carried', 'books']);
  });
});

describe('translations of a term', () => {
  it('are read as they are written, and nothing else is', () => {
    expect(readTranslations('de = Zeebrügge, pt-BR: Zeebruges,')).toEqual({ de: 'Zeebrügge', 'pt-BR': 'Zeebruges' });
    expect(readTranslations('Zeebrügge')).toBeNull();
    expect(readTranslations(writeTranslations({ de: 'a', fr: 'b' }))).toEqual({ de: 'a', fr: 'b' });
  });
});
