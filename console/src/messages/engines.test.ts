import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { engineText } from './engines.de.ts';

it('tells in German whatever the server says of an engine', () => {
  const source = readFileSync(fileURLToPath(new URL('../../../server/src/understanding/switchboard/engines.ts', import.meta.url)), 'utf8');
  const said = [...source.matchAll(/['`]([A-Z$][^'`\n]* [^'`\n]*)['`]/g)]
    .map(([, text = '']) => text.replace(/\$\{[^}]+\}/g, 'host.example'))
    .filter((text) => !/SELECT|UPDATE/.test(text));
  expect(said.length).toBeGreaterThan(12);
  expect(said.filter((text) => engineText(text) === text)).toEqual([]);
  expect(engineText('Sentences are sent to translate.example.')).toBe('Sätze gehen an translate.example.');
});
