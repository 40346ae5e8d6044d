import { expect, test } from 'vitest';
import { createUniqueNames, safeName } from './safeName.ts';

test.each([
  ['../../etc/passwd', '-..-etc-passwd'],
  ['C:\\Windows\\x', 'C-Windows-x'],
  ['Was? "Nichts" <b>|', 'Was- -Nichts- -b-'],
  ['  .hidden. ', 'hidden'],
  ['con', '_con'],
  ['NUL.mp4', '_NUL.mp4'],
  ['Contract', 'Contract'],
  ['a\u202egpj.exe\u0000\n', 'agpj.exe'],
  ['…', '…'],
  ['...', '_'],
  ['Möwen 🐦 über 港', 'Möwen 🐦 über 港'],
])('%j becomes %j', (text, name) => {
  expect(safeName(text)).toBe(name);
});

test('a name is cut between characters, short enough for every file system', () => {
  const name = safeName('🐦'.repeat(200));
  expect(name).toBe('🐦'.repeat(25));
});

test('names differ by more than their case', () => {
  const unique = createUniqueNames();
  expect(['A', 'a', 'A', 'B', 'a (2)'].map(unique)).toEqual(['A', 'a (2)', 'A (3)', 'B', 'a (2) (2)']);
});
