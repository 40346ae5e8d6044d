import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { choiceText } from './choices.de.ts';
import { server } from './server.de.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const agentFiles = readdirSync(`${root}gpu-agent/src`, { recursive: true, encoding: 'utf8' }).filter((path) =>
  /(?<!\.test)\.ts$/.test(path),
);

/** What stands in the places of a sentence of the agent. A place that is not here is left as it is, and the sentence is not known. */
const filled: readonly [RegExp, string][] = [
  [/\$\{(percent(\([^}]*\))?|there)\}/g, '62 %'],
  [/\$\{people\.length\}/g, '3'],
  [/\$\{changes\}/g, '2'],
  [/\$\{how\}/g, 'One of them speaks and is followed'],
  [/\$\{others\.join[^}]*\}/g, 'fit, split'],
  [/\$\{makers\[family\]\}/g, 'NVIDIA'],
  [/\$\{(onCard|profile)\.name\}/g, 'h264_nvenc'],
  [/\$\{(profile\.)?codec\}/g, 'hevc'],
  [/\$\{said\}/g, 'the device is lost.'],
  [/\$\{longest[^`]*`/g, ''],
  [/\$\{(lost|gained)\.join[^}]*\}/g, '7, 12'],
  [/\$\{fastestRate\}/g, '20'],
  // Sentences that are written elsewhere in the same files.
  [/\$\{(automatic\.reason|plan\.reason|problem\.text|why|other|describeCause[^}]*)\}/g, ''],
];

function sentencesOf(path: string): string[] {
  const source = read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return [...source.matchAll(/'([A-Z][^'\n]* [^'\n]*)'|`( ?(?:[A-Z]|\$\{)(?:[^`\n$]|\$\{[^}\n]*\})* (?:[^`\n$]|\$\{[^}\n]*\})*)`/g)]
    .map(([, plain, template]) => filled.reduce((text, [place, by]) => text.replace(place, by), plain ?? template ?? '').trim())
    .filter((text) => /[a-z]{3} [a-z]{2}/.test(text))
    .flatMap((text) => (/[.:]$/.test(text) ? text : `${text}.`).split(/(?<=\.) (?=[A-Z])/));
}

it('tells in German why the agent chose a layout', () => {
  const said = [...sentencesOf('gpu-agent/src/framing/chooseLayout.ts'), ...sentencesOf('gpu-agent/src/framing/framer.ts')].filter(
    (text) => text !== 'Looking for faces.',
  );
  expect(said.length).toBeGreaterThan(20);
  expect(said.filter((text) => choiceText(text) === text)).toEqual([]);
  expect(choiceText('2 people are seen. Whoever speaks is followed; 1 changes of speaker. Other shots: fit, center.')).toBe(
    '2 Personen sind zu sehen. Gefolgt wird, wer spricht; ein Wechsel. Andere Einstellungen: Ganzes Bild auf unscharfem Grund, Bildmitte.',
  );
});

it('tells in German why the agent chose an encoder, and quotes what ffmpeg said', () => {
  const pool = sentencesOf('gpu-agent/src/encoders/encoderPool.ts').filter((text) => text.includes('encode') || text.startsWith('It '));
  const said = [...sentencesOf('gpu-agent/src/encoders/causes.ts').filter((text) => !/^(Codec|Cannot)/.test(text)), ...pool];
  expect(said.length).toBeGreaterThan(15);
  expect(said.filter((text) => choiceText(text) === text)).toEqual([]);
  expect(choiceText('The processor encodes. h264_nvenc: No NVIDIA driver is installed here. It is tried again in a while.')).toBe(
    'Der Prozessor kodiert. h264_nvenc: Hier ist kein Treiber für NVIDIA installiert. In einer Weile wird es wieder versucht.',
  );
  expect(choiceText('The processor encodes. hevc_qsv: It failed: Broken pipe. No more.')).toBe(
    'Der Prozessor kodiert. hevc_qsv: Er ist gescheitert: „Broken pipe. No more.“',
  );
});

it('tells in German what the agent is doing', () => {
  const calls = agentFiles.flatMap((path) => read(`gpu-agent/src/${path}`).match(/(?:onProgress|await encode)\([^;]*;/g) ?? []);
  const texts = calls.flatMap((call) => [...call.matchAll(/'([A-Z][^'\n]+)'/g)].map(([, text = '']) => text));
  expect(texts.length).toBeGreaterThan(9);
  expect(texts.filter((text) => server.note(text) === text)).toEqual([]);
});

const certificates = ['gpu-agent/src/render/certificate.ts', 'gpu-agent/src/render/framingCertificate.ts', 'captions/src/captionFacts.ts'];

it('names in German every fact of a certificate, with what the fonts lack', () => {
  const facts = certificates.flatMap((path) => [
    ...read(path).matchAll(/(?:entry|share|atMost)\(\s*'(\w+)',\s*(?:'([^'\n]+)'|"([^"\n]+)"|label\b)/g),
  ]);
  expect(facts.filter(([, name = '']) => name.startsWith('caption_')).length).toBeGreaterThan(10);
  expect(facts.length).toBeGreaterThan(24);
  expect(
    facts
      .map(([, name = '', plain, quoted]) => [name, plain ?? quoted ?? ''])
      .filter(([name = '', label = '']) => server.fact(name, label) === label),
  ).toEqual([]);
  expect(server.fact('caption_glyphs', 'Characters that the fonts can draw (left out: ﷽ 𒀀)')).toBe(
    'Zeichen, die die Schrift hat (ausgelassen: ﷽ 𒀀)',
  );
});

it('tells in German every bound and unit of a certificate', () => {
  const bounds = certificates.flatMap((path) =>
    [...read(path).matchAll(/['`]((?:at most|at least|exactly) [^'`\n]*|\$\{[^}]+\} within [^'`\n]*)['`]/g)].map(([, text = '']) =>
      text.replace(/\$\{[^}]*\}/g, '7'),
    ),
  );
  expect(bounds.length).toBeGreaterThan(14);
  expect(
    bounds.map(server.bound).filter((text) => !/^(höchstens |mindestens |genau )?[\d.]+( ± [\d.]+|, oder [a-zäöüß ,]+)?$/.test(text)),
  ).toEqual([]);
  const units = certificates.flatMap((path) =>
    [...read(path).matchAll(/(?:entry|atMost)\([^;]*?,\s*'([a-zA-Z²/ ]*)',\s*(?:null|'|`|bound|most)/g)].map(([, unit = '']) => unit),
  );
  expect(new Set(units).size).toBeGreaterThan(8);
  expect(units.filter((unit) => /^[a-z]{3}/.test(unit) && server.unit(unit) === unit)).toEqual([]);
});

it('tells in German what is doubtful of a translated line, and why a translation failed', () => {
  const folder = 'server/src/understanding/translation/';
  const said = [
    ...sentencesOf(`${folder}checkSentence.ts`).filter((text) => !text.includes('${')),
    ...sentencesOf(`${folder}translateTrack.ts`).filter((text) => text.startsWith('More than')),
    // More than one sentence each, told as one.
    ...['libreTranslate.ts', 'translateTrack.ts'].flatMap((file) =>
      [...read(folder + file).matchAll(/'((?:LibreTranslate|No translation)[^'\n]+\.)'/g)].map(([, text = '']) => text),
    ),
    'The glossary writes “Hafen”, “Kai”.',
    '“Magnus” is not in the translation under this name.',
    '“Magnus” is not in the source under this name.',
  ];
  expect(said.length).toBeGreaterThan(14);
  expect(said.filter((text) => server.sentence(text) === text)).toEqual([]);
  expect(server.sentence('The glossary writes “Hafen”, “Kai”.')).toBe('Das Glossar schreibt „Hafen“, „Kai“.');
});
