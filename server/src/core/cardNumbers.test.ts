import { describe, expect, test } from 'vitest';
import { anyHoldsCardNumber, holdsCardNumber } from './cardNumbers.ts';

// Numbers that Stripe and the networks publish for tests.
const cards = [
  '4242424242424242',
  '5555555555554444',
  '2223003122003222',
  '378282246310005',
  '6011111111111117',
  '30569309025904',
  '3566002020360505',
];

describe('numbers of cards', () => {
  test('are found in a row, in groups and inside of sentences', () => {
    for (const card of cards) {
      expect(holdsCardNumber(card), card).toBe(true);
      expect(holdsCardNumber(`My card is ${card}, thanks.`), card).toBe(true);
    }
    expect(holdsCardNumber('4242 4242 4242 4242')).toBe(true);
    expect(holdsCardNumber('4242-4242-4242-4242')).toBe(true);
    expect(holdsCardNumber('3782 822463 10005')).toBe(true);
  });

  test('are told from telephone numbers, ISBNs, times, identifiers and numbers with another check digit', () => {
    for (const text of [
      '4242424242424241',
      '+49 170 1234567890',
      '978-3-16-148410-0',
      '9783161484100',
      '1764265200000',
      '20261127 18:30:00',
      '42424242-4242-4242-8242-424242424242',
      'a4242424242424242',
      '42424242424242424242424242',
      '0.4242424242424242',
      '4242 4242 4242-4242',
      '',
    ]) {
      expect(holdsCardNumber(text), text).toBe(false);
    }
  });

  test('are found anywhere in JSON, but for fields that are left out', () => {
    const body = { title: 'x', parts: [{ note: 'pay with 4242424242424242' }] };
    expect(anyHoldsCardNumber(body, new Set())).toBe(true);
    expect(anyHoldsCardNumber(body, new Set(['note']))).toBe(false);
    expect(anyHoldsCardNumber({ size: 4242424242424242 }, new Set())).toBe(false);
  });
});
