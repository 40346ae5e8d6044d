import { expect, test } from 'vitest';
import { formatBrand, formatMoney } from './formatMoney.ts';

test('amounts are written in their currency’s own digits', () => {
  expect(formatMoney(1900, 'eur', 'en')).toBe('€19.00');
  expect(formatMoney(1900, 'jpy', 'en')).toBe('¥1,900');
  expect(formatMoney(-350, 'usd', 'en')).toBe('-$3.50');
});

test('brands of cards are written as their owners write them', () => {
  expect(['visa', 'mastercard', 'amex', 'unionpay', 'a_new_one'].map(formatBrand)).toEqual([
    'Visa',
    'Mastercard',
    'American Express',
    'UnionPay',
    'A_new_one',
  ]);
});
