import { Readable } from 'node:stream';
import type { EngineKind, RouteReply } from '@carmic/contract';
import { z } from 'zod';
import { invalidInput } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import { isKindServed } from '../../agents/present.ts';
import { TranslationError } from '../translation/translator.ts';
import { openLanguageModel, openTextJudge, openTranslator } from './clients.ts';
import { deepgramParty, languageModelParty, readSwitch } from './engines.ts';

const timeoutMs = 20_000;
/** Errors whose message is for the person who pressed the button. */
const spokenErrors = new Set(['TranslationError', 'TranscriptionError', 'ModerationError', 'LanguageModelError']);

/** Half a second of silence, 16 kHz mono: the least that a recogniser takes. */
function silence(): Buffer {
  const samples = Buffer.alloc(16_000);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(16_000, 24);
  head.writeUInt32LE(32_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

async function callDeepgram(deps: Deps): Promise<string> {
  const { createDeepgramTranscriber } = await import('../transcribers/deepgram.ts');
  const sound = silence();
  const transcriber = createDeepgramTranscriber({
    baseUrl: deps.env.CARMIC_DEEPGRAM_URL,
    apiKey: deps.env.CARMIC_DEEPGRAM_KEY ?? '',
    fetch: deps.egress.fetchFor(deepgramParty),
  });
  const document = await transcriber.transcribe({
    sound: { open: async () => Readable.from([sound]), sizeBytes: sound.length, contentType: 'audio/wav' },
    durationSeconds: 0.5,
    language: 'en',
    keyTerms: [],
    signal: AbortSignal.timeout(timeoutMs),
  });
  return `Deepgram heard half a second of silence (${document.engine}).`;
}

async function callLanguageEngine(deps: Deps, engine: string): Promise<string> {
  const model = engine === languageModelParty ? openLanguageModel(deps) : null;
  if (model === null) {
    return 'Part of this installation: it needs no call.';
  }
  const { title } = await model.ask({
    system: 'You name passages of text with 3 to 8 words.',
    user: JSON.stringify({ text: 'The river rose in the night, and we carried four hundred books up the stairs.' }),
    answer: z.object({ title: z.string() }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return `It named a sentence “${title.slice(0, 120)}”.`;
}

async function call(deps: Deps, kind: EngineKind, engine: string): Promise<string> {
  if (kind === 'transcription' && engine === 'deepgram') {
    return callDeepgram(deps);
  }
  if (kind === 'transcription') {
    if (!(await deps.db.asSystem((tx) => isKindServed(deps, tx, 'transcribe')))) {
      throw new TranslationError('unavailable', 'No agent with a speech model has called in lately.');
    }
    return 'An agent with a speech model called in lately and takes work.';
  }
  if (kind === 'safety') {
    const judge = openTextJudge(deps, engine);
    if (judge === null) {
      throw invalidInput('This engine is not set up.');
    }
    const findings = await judge.judge([{ startSeconds: 0, endSeconds: 1, text: 'Shut up, you stupid idiot.' }], 'en');
    const best = findings.toSorted((a, b) => b.score - a.score)[0];
    return best === undefined
      ? 'It answered, and found nothing in an insult.'
      : `It found ${best.category.replace('_', '-')} with a score of ${best.score.toFixed(2)} in an insult.`;
  }
  if (kind === 'language') {
    return callLanguageEngine(deps, engine);
  }
  const translator = openTranslator(deps, engine);
  if (translator === null) {
    throw invalidInput('This engine is not set up.');
  }
  const signal = AbortSignal.timeout(timeoutMs);
  const [text] = await translator.translate({
    texts: ['Good morning.'],
    mostCharacters: [],
    source: 'en',
    target: 'de',
    glossary: [],
    signal,
  });
  return `“Good morning.” came back as “${text ?? ''}”.`;
}

/** Calls an engine once with something of our own: never with a customer's content. */
export async function testEngine(deps: Deps, kind: EngineKind, engine: string): Promise<RouteReply<'testEngine'>> {
  const known = await deps.db.asSystem((tx) => readSwitch(deps, tx, null, kind));
  const found = known.engines.find(({ name }) => name === engine);
  if (found === undefined) {
    throw invalidInput(`There is no engine ${engine} for this.`);
  }
  const started = performance.now();
  const took = () => Math.round(performance.now() - started);
  if (!found.isAvailable) {
    return { isOk: false, message: found.explanation, milliseconds: took() };
  }
  try {
    return { isOk: true, message: await call(deps, kind, engine), milliseconds: took() };
  } catch (error) {
    if (error instanceof Error && spokenErrors.has(error.name)) {
      return { isOk: false, message: error.message, milliseconds: took() };
    }
    if (error instanceof Error && error.name === 'TimeoutError') {
      return { isOk: false, message: `No answer within ${timeoutMs / 1000} seconds.`, milliseconds: took() };
    }
    throw error;
  }
}
