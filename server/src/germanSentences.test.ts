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
  'server/src/retention/erasure/present.ts',
  'server/src/retention/erasure/work.ts',
  'server/src/retention/cdn/cdn.ts',
  'server/src/retention/cdn/cdnError.ts',
  'server/src/retention/cdn/cloudflare.ts',
  'server/src/storage/s3/s3Delete.ts',
  'server/src/billing/jobs.ts',
  'server/src/pipeline.ts',
  'server/src/privacy/archive/archives.ts',
  'server/src/understanding/languageModel/languageModel.ts',
  'server/src/understanding/safety/moderation.ts',
  'server/src/understanding/switchboard/testEngine.ts',
  'server/src/understanding/transcribers/deepgram.ts',
  'server/src/understanding/transcribers/deepgramFailure.ts',
  'server/src/understanding/translation/libreTranslate.ts',
  'server/src/understanding/translation/translateTrack.ts',
];

/** Faults that have a code of their own, by which the console tells them, one that nobody is told, and what is said to engines. */
const untold: ReadonlySet<string> = new Set([
  'A workspace is without its plan.',
  'The inspection failed.',
  'The transcription failed.',
  'Every rendering was cancelled.',
  'This step could not be finished: the job privacy.archive failed 4 times.',
  'An archive is being made already: wait for it.',
  'This archive is still being made.',
  'This archive is not there any more: ask for a new one.',
  'This link was used or has expired: make a new one on the Privacy page.',
  'There is no engine 7 for this.',
  'CARMIC_CDN=7 needs CARMIC_CDN_URL and CARMIC_CDN_TOKEN7: without them deleted content could not be purged.',
  'This engine is not set up.',
  'You name passages of text with 3 to 8 words.',
  'The river rose in the night, and we carried four hundred books up the stairs.',
  'Shut up, you stupid idiot.',
  'Good morning.',
]);

/** What stands for a value: an engine, a sentence, a day, what another program said, why a job was given up, or a number. */
function fill(template: string): string {
  const reasoned = template.replace(': ${reason}', ': the job privacy.archive failed 4 times').replace('${reason}', ': xx.');
  return reasoned.replace(/\$\{[^}]+\}/g, (hole) => {
    if (hole.includes('Deepgram')) {
      return 'Deepgram';
    }
    return /why|graceUntil/.test(hole) ? (hole.includes('why') ? 'Bubblewrap is not installed.' : '2026-12-24') : '7';
  });
}

/** Literals that are whole sentences: a capital or a value first, blanks, and a full stop last. */
function sentencesOf(path: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  const [quoted, templates] = [/'([A-Z][^'\n]* [^'\n]*\.)'/g, /`((?:[A-Z“]|\$\{)[^`\n]* [^`\n]*(?:\.|\$\{(?:why|reason)\}))`/g];
  return [...text.matchAll(quoted), ...text.matchAll(templates)].map(([, said = '']) => fill(said)).filter((said) => !untold.has(said));
}

test('what the server and the agent tell in sentences of their own, the console tells in German', () => {
  const said = sources.flatMap((path) => sentencesOf(path).map((text) => [path, text] as const));
  expect(sources.filter((path) => !said.some(([of]) => of === path))).toEqual([]);
  expect(said.length).toBeGreaterThan(15);
  const left = said.filter(([, text]) => sentence(text) === text || /\b(the|is|and)\b/.test(sentence(text)));
  expect(left, 'Add them to console/src/messages/sentences.de.ts').toEqual([]);
});

test('whoever asks for a link is answered in German, the same for every address', () => {
  const source = readFileSync(fileURLToPath(new URL('accounts/signUp.ts', import.meta.url)), 'utf8');
  const [, said = ''] = /sameForAll = '([^']+)'/.exec(source) ?? [];
  expect(sentence(said)).toMatch(/^Wenn das möglich ist/);
});

test('what Deepgram says of a request that it refused is quoted in German, with the number of the request', () => {
  const source = readFileSync(fileURLToPath(new URL('understanding/transcribers/deepgramFailure.ts', import.meta.url)), 'utf8');
  const said = [...source.matchAll(/sentence: ['`]([^'`]+)['`]/g)].map(([, text = '']) => fill(text));
  expect(said.length).toBeGreaterThan(5);
  for (const text of said) {
    const told = sentence(`${text}: Model xx (request 4711).`);
    expect(told, text).toMatch(/: „Model xx“\. Die Anfrage war 4711\.$/);
    expect(sentence(`${text}.`)).toBe(told.replace(/: „.*/, '.'));
    expect(told).not.toMatch(/\b(the|is|and)\b/);
  }
  expect(sentence('LibreTranslate refused the request (status 403): Invalid API key. Check its key.')).toBe(
    'LibreTranslate hat die Anfrage abgelehnt (Status 403): „Invalid API key“. Prüfen Sie den Schlüssel.',
  );
});

test('work that was given up is told in German by the name of its job', () => {
  expect(sentence('The archive could not be made: the job privacy.archive failed 4 times.')).toBe(
    'Das Archiv ließ sich nicht erstellen: Die Aufgabe „Archiv personenbezogener Daten“ ist 4-mal gescheitert.',
  );
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
