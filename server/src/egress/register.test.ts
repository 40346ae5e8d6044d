import { germanParties } from '@carmic/contract';
import { expect, it } from 'vitest';
import { register } from './register.ts';

it('says in German where every third party works and by which right, and what it is where its name is none of a company', () => {
  const said = register.flatMap(({ region, transfer }) => [region, transfer]);
  const kinds = register.map(({ name }) => name).filter((name) => / of the |: /.test(name));
  expect(kinds.length).toBeGreaterThan(4);
  expect([...said, ...kinds].filter((text) => germanParties[text] === undefined)).toEqual([]);
});
