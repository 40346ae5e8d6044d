import { billingDetailCodes, billingFields } from '@carmic/contract';
import { expect, it } from 'vitest';
import { billing as german } from './billing.de.ts';
import { billing as english } from './billing.en.ts';

const values = ['2026-05-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z', '4711', '0815'];

it('tells whatever the comparison with Stripe finds in English and in German, with the same values', () => {
  const told = ({ sales }: typeof english) => billingDetailCodes.map((code) => sales.details[code](...values));
  expect(told(english)).toHaveLength(Object.keys(english.sales.details).length);
  const valuesIn = (sentence: string) => [...new Set(sentence.match(/2026(-0[56])?|4711|0815/g))].sort();
  expect(told(german).map(valuesIn)).toEqual(told(english).map(valuesIn));
  expect(
    billingDetailCodes.filter(
      (code) =>
        !german.sales.details[code](...values)
          .trim()
          .includes(' '),
    ),
  ).toEqual([]);
  expect(told(german).filter((sentence) => told(english).includes(sentence))).toEqual([]);
  expect(new Set(told(german).map((sentence) => sentence.replace(/\d/g, ''))).size).toBe(billingDetailCodes.length);
});

it('names every field of a subscription that can differ, in both languages', () => {
  for (const { sales } of [english, german]) {
    const names = billingFields.map((field) => sales.details.fields(field));
    expect(names.filter((name) => /_/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(billingFields.length);
  }
});
