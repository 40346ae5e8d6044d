import { expect, it } from 'vitest';
import { buildNounTest, isNamePhrase } from './nouns.ts';
import { buildTalk } from './talk.ts';
import { wordsOf } from './testTalk.ts';

const nounsOf = (language: string, ...sentences: string[]) =>
  buildNounTest(buildTalk(wordsOf(sentences.map((text) => ({ text }))), [], language));

it('nouns of an English talk are told by their neighbours', () => {
  const nouns = nounsOf(
    'en',
    'The harbour is a cold place.',
    'We invest in the harbour.',
    'They invest a lot.',
    'It seemed so early.',
    'An early captain of the harbour came, and we saw the captain.',
  );
  expect(nouns.points('harbour')).toBeGreaterThan(0);
  expect(nouns.points('invest')).toBeLessThan(0);
  expect(nouns.points('seemed')).toBeLessThan(0);
  expect(isNamePhrase(['harbour'], nouns)).toBe(true);
  expect(isNamePhrase(['early', 'captain'], nouns)).toBe(true);
  expect(isNamePhrase(['seemed', 'harbour'], nouns)).toBe(false);
});

it('an adjective ends no phrase', () => {
  const nouns = nounsOf('en', 'A powerful engine needs a powerful crane.', 'The crane is old.');
  expect(isNamePhrase(['powerful'], nouns)).toBe(false);
  expect(isNamePhrase(['powerful', 'crane'], nouns)).toBe(true);
});

it('nouns of a German talk are told by their capitals, and of other languages nothing is known', () => {
  const german = nounsOf('de', 'Wir bauen heute einen Hafen.', 'Der Hafen ist nicht groß, und wir bauen weiter.');
  expect(isNamePhrase(['hafen'], german)).toBe(true);
  expect(isNamePhrase(['bauen'], german)).toBe(false);
  expect(isNamePhrase(['puerto'], nounsOf('es', 'El puerto es muy grande y la ciudad es pequeña.'))).toBe(true);
});
