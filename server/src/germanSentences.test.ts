import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { safetyCategorySchema, type SafetyFinding } from '@carmic/contract';
import { expect, test } from 'vitest';
import { sentence } from '../../console/src/messages/sentences.de.ts';
import { register } from './egress/register.ts';
import { decide } from './understanding/safety/decide.ts';

/** Where the server and the agent write sentences of their own for the console. */
const sources = [
  'server/src/plans/present.ts',
  'server/src/agents/inspectVideo.ts',
  'server/src/clips/finishVideo.ts',
  'server/src/understanding/nextEngine.ts',
  'server/src/understanding/transcribeVideo.ts',
  'server/src/understanding/engine.ts',
  'server/src/webhooks/deliver.ts',
  'gpu-agent/src/ffmpeg/sandbox.ts',
  'gpu-agent/src/encoders/quality.ts',
  'gpu-agent/src/encoders/probeEncoders.ts',
];

/** Faults that have a code of their own, by which the console tells them, and one that nobody is told. */
const coded: ReadonlySet<string> = new Set([
  'A workspace is without its plan.',
  'The inspection failed.',
  'The transcription failed.',
  'Every rendering was cancelled.',
]);

/** What stands for a value: an engine, a sentence, a day, or a number. */
function fill(template: string): string {
  return template.replace(/\$\{[^}]+\}/g, (hole) => {
    if (hole.includes('Deepgram')) {
      return 'Deepgram';
    }
    return /why|graceUntil/.test(hole) ? (hole.includes('why') ? 'Bubblewrap is not installed.' : '2026-12-24') : '7';
  });
}

/** Literals that are whole sentences: a capital or a value first, blanks, and a full stop last. */
function sentencesOf(path: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  const [quoted, templates] = [/'([A-Z][^'\n]* [^'\n]*\.)'/g, /`((?:[A-Z]|\$\{)[^`\n]* [^`\n]*(?:\.|\$\{why\}))`/g];
  return [...text.matchAll(quoted), ...text.matchAll(templates)].map(([, said = '']) => fill(said)).filter((said) => !coded.has(said));
}

test('what the server and the agent tell in sentences of their own, the console tells in German', () => {
  const said = sources.flatMap((path) => sentencesOf(path).map((text) => [path, text] as const));
  expect(sources.filter((path) => !said.some(([of]) => of === path))).toEqual([]);
  expect(said.length).toBeGreaterThan(15);
  const left = said.filter(([, text]) => sentence(text) === text || /\b(the|is|and)\b/.test(sentence(text)));
  expect(left, 'Add them to console/src/messages/sentences.de.ts').toEqual([]);
});

test('where third parties work, and by which right something is sent there, is told in German', () => {
  const said = register.flatMap(({ region, transfer }) => [region, transfer]);
  expect(said.length).toBeGreaterThan(10);
  expect(said.filter((text) => sentence(text) === text)).toEqual([]);
});

test('the reason of a verdict is told in German, with every kind of finding, its places and how many more there are', () => {
  const at = (startSeconds: number, category: SafetyFinding['category']): SafetyFinding => ({
    ...{ category, score: 1, startSeconds, endSeconds: startSeconds + 1, excerpt: '' },
  });
  for (const category of safetyCategorySchema.options) {
    for (const video of ['note', 'hold', 'refuse'] as const) {
      const found = [5, 70, 130, 190, 250].map((seconds) => at(seconds, category));
      const { reason } = decide(found, [{ category, threshold: 0.5, video, clip: 'note' }]);
      expect(sentence(reason), reason).toMatch(
        /^(Vermerkt|Zur Prüfung durch einen Menschen angehalten|Abgelehnt): [^a-z]*\p{L}.+, bei 0:05, 1:10, 2:10 und 2 weiteren\.$/u,
      );
      expect(sentence(reason)).not.toMatch(/\b(the|and|content|acts|more)\b/);
    }
  }
  expect(sentence('Held for a review by a person: violence, at 0:05 and in the title.')).toBe(
    'Zur Prüfung durch einen Menschen angehalten: Gewalt, bei 0:05 und im Titel.',
  );
  expect(sentence('Held for a review by a person: violence, in the tags.')).toBe(
    'Zur Prüfung durch einen Menschen angehalten: Gewalt, in den Schlagwörtern.',
  );
});
