/** One suite for every transcriber: the local one with real weights, Deepgram's SDK against a server that speaks its protocol, supplied files. */
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, test } from 'vitest';
import { createLocalTranscriber } from '../../gpu-agent/src/transcribe/localTranscriber.ts';
import { createDeepgramTranscriber } from '../../server/src/understanding/transcribers/deepgram.ts';
import { createSuppliedTranscriber } from '../../server/src/understanding/transcribers/supplied.ts';
import { describeTranscriber, spokenText } from '../support/transcriberSuite.ts';

const run = promisify(execFile);
const ffmpeg = process.env['FFMPEG_PATH'] ?? 'ffmpeg';
const folder = mkdtempSync(join(tmpdir(), 'carmic-transcribers-'));
const servers: Server[] = [];
afterAll(() => {
  servers.forEach((server) => server.close());
  rmSync(folder, { recursive: true, force: true });
});

const spoken = spokenText.split(' ').map((text, i) => ({ text, start: 0.5 + i * 0.4, end: 0.5 + i * 0.4 + 0.38 }));
const durationSeconds = 12;

/** Deepgram's pre-recorded API: words for sound, none for silence (a body of zeros). */
async function serveDeepgram(): Promise<string> {
  const server = createServer((request, response) => {
    let hasSound = false;
    request.on('data', (chunk: Buffer) => {
      hasSound ||= chunk.some((byte) => byte !== 0);
    });
    request.on('end', () => {
      const words = spoken.map(({ text, start, end }) => ({
        word: text.toLowerCase().replace(/[^a-z]/g, ''),
        punctuated_word: text,
        start,
        end,
        confidence: 0.98,
        speaker: 0,
      }));
      const channel = { alternatives: [{ transcript: '', confidence: 0.9, words: hasSound ? words : [] }] };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ metadata: { request_id: 'r', duration: durationSeconds, channels: 1 }, results: { channels: [channel] } }),
      );
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describeTranscriber('deepgram', async () => {
  const sound = (fill: number) => ({
    open: async () => Readable.from([Buffer.alloc(5000, fill)]),
    sizeBytes: 5000,
    contentType: 'audio/flac',
  });
  return {
    transcriber: createDeepgramTranscriber({ baseUrl: await serveDeepgram(), apiKey: 'key', fetch: globalThis.fetch }),
    speech: { sound: sound(7), durationSeconds },
    silence: { sound: sound(0), durationSeconds },
    gives: { confidence: true, speakers: true },
  };
});

const clock = (seconds: number, mark: string) => `00:00:${seconds.toFixed(3).padStart(6, '0').replace('.', mark)}`;
const half = spoken.findIndex((word) => word.text.startsWith('stairs')) + 1;
const cues = [spoken.slice(0, half), spoken.slice(half)].map((words) => ({
  start: words[0]?.start ?? 0,
  end: words.at(-1)?.end ?? 0,
  text: words.map((word) => word.text).join(' '),
}));
const files: Record<string, { text: string; gives: { confidence: boolean; speakers: boolean } }> = {
  'talk.srt': {
    text: cues.map((cue, i) => `${i + 1}\n${clock(cue.start, ',')} --> ${clock(cue.end, ',')}\n${cue.text}\n`).join('\n'),
    gives: { confidence: false, speakers: false },
  },
  'talk.vtt': {
    text: `WEBVTT\n\n${cues.map((cue) => `${clock(cue.start, '.')} --> ${clock(cue.end, '.')}\n<v Ada>${cue.text}\n`).join('\n')}`,
    gives: { confidence: false, speakers: true },
  },
  'talk.ttml': {
    text: `<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml"><body><div>${cues
      .map((cue) => `<p begin="${cue.start}s" end="${cue.end}s">${cue.text}</p>`)
      .join('')}</div></body></tt>`,
    gives: { confidence: false, speakers: false },
  },
  'talk.ass': {
    text: `[Script Info]\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n${cues
      .map((cue) => `Dialogue: 0,${clock(cue.start, '.').slice(1, -1)},${clock(cue.end, '.').slice(1, -1)},Default,Ada,0,0,0,,${cue.text}`)
      .join('\n')}`,
    gives: { confidence: false, speakers: true },
  },
  'whisper.json': {
    text: JSON.stringify({
      language: 'english',
      segments: [
        {
          start: 0,
          end: 9,
          text: spokenText,
          words: spoken.map(({ text, start, end }) => ({ word: ` ${text}`, start, end, probability: 0.9 })),
        },
      ],
    }),
    gives: { confidence: true, speakers: false },
  },
  'deepgram.json': {
    text: JSON.stringify({
      metadata: { duration: durationSeconds },
      results: {
        channels: [
          { alternatives: [{ words: spoken.map(({ text, start, end }) => ({ word: text, start, end, confidence: 0.9, speaker: 1 })) }] },
        ],
      },
    }),
    gives: { confidence: true, speakers: true },
  },
};
for (const [name, { text, gives }] of Object.entries(files)) {
  describeTranscriber(
    `supplied ${name}`,
    async () => ({
      transcriber: createSuppliedTranscriber(Buffer.from(text), name),
      speech: { sound: null, durationSeconds },
      silence: null,
      gives,
    }),
    false,
  );
}

/** Where the weights lie, or why the local suite cannot run here. */
async function bringModel(): Promise<{ modelsDir: string } | { missing: string }> {
  try {
    if (!execFileSync(ffmpeg, ['-hide_banner', '-filters']).includes('flite')) {
      throw new Error('this ffmpeg has no flite filter to speak with');
    }
    const script = fileURLToPath(new URL('../../scripts/fetchTestModel.mjs', import.meta.url));
    const model = process.env['CARMIC_TEST_WHISPER_MODEL'] ?? (await run(process.execPath, [script], { timeout: 240_000 })).stdout.trim();
    const modelsDir = join(folder, 'models');
    mkdirSync(modelsDir);
    try {
      linkSync(model, join(modelsDir, basename(model)));
    } catch {
      copyFileSync(model, join(modelsDir, basename(model)));
    }
    return { modelsDir };
  } catch (error) {
    if (process.env['CI'] === 'true') {
      throw error;
    }
    return { missing: error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error) };
  }
}

const model = await bringModel();
if ('missing' in model) {
  describe('local whisper', () => {
    test('hears speech with real weights', (context) => context.skip(`skipped: ${model.missing}`));
  });
} else {
  describeTranscriber('local whisper', async () => {
    const path = (name: string) => join(folder, name);
    const make = (name: string, input: string) =>
      run(ffmpeg, [
        '-nostdin',
        '-v',
        'error',
        '-y',
        '-f',
        'lavfi',
        '-i',
        input,
        '-ar',
        '16000',
        '-ac',
        '1',
        '-sample_fmt',
        's16',
        path(name),
      ]);
    await make('speech.wav', `flite=text='${spokenText}':voice=slt,aresample=16000,adelay=2000,apad=pad_dur=3`);
    await make('silence.wav', 'anoisesrc=r=16000:d=10:a=0.1:c=pink');
    const log = { info: () => undefined, warn: () => undefined };
    return {
      transcriber: createLocalTranscriber({ modelsDir: model.modelsDir, log }),
      speech: { sound: { path: path('speech.wav') }, durationSeconds: 11 },
      silence: { sound: { path: path('silence.wav') }, durationSeconds: 10 },
      // Neither prebuilt build of whisper.cpp hands out the probabilities of its tokens, and whisper tells no voices apart.
      gives: { confidence: false, speakers: false },
    };
  });
}
