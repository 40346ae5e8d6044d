import { open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TranscribeSpec } from '@carmic/contract';
import type { Run } from '../ffmpeg/run.ts';
import { ownInputArgs, quietArgs } from '../ffmpeg/safety.ts';
import { describeRunError } from '../media/describeRunError.ts';
import type { TaskContext, TaskOutcome } from '../media/task.ts';
import { TaskFailure } from '../media/taskFailure.ts';
import type { LocalTranscriber } from '../transcribe/localTranscriber.ts';
import type { DecodePcm } from '../transcribe/pcm.ts';

const copyBytes = 4 * 1024 * 1024;

/** Hears the words of a sound file with the local model. Throws TaskFailure `transcription_failed`. */
export async function transcribe(spec: TranscribeSpec, context: TaskContext, transcriber: LocalTranscriber): Promise<TaskOutcome> {
  context.onProgress(0, 'Fetching the sound');
  const audioPath = join(context.directory, 'audio.flac');
  await fetchSource(context, audioPath);
  try {
    const document = await transcriber.transcribe({
      sound: { path: audioPath },
      durationSeconds: spec.durationSeconds,
      language: spec.language,
      keyTerms: spec.keyTerms,
      signal: context.signal,
      onProgress: (share) => context.onProgress(share, 'Hearing speech'),
    });
    const path = join(context.directory, 'transcript.json');
    await writeFile(path, JSON.stringify(document));
    const { language, engine, words } = document;
    return { result: { kind: 'transcribe', language, engine, wordCount: words.length }, files: [{ name: 'transcript', path }] };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof TaskFailure) {
      throw error;
    }
    const message = `Speech could not be heard: ${error instanceof Error ? error.message : String(error)}`;
    throw new TaskFailure('transcription_failed', message, { isRetryable: true, cause: error });
  }
}

async function fetchSource({ source }: TaskContext, path: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for (let at = 0; at < source.sizeBytes; at += copyBytes) {
      await file.write(await source.readSpan(at, at + copyBytes));
    }
  } finally {
    await file.close();
  }
}

/** Makes the decoder that the transcriber asks for samples: ffmpeg, in the folder of the file. */
export function createPcmDecoder(run: Run): DecodePcm {
  return async (audioPath, { startSeconds, durationSeconds }, signal) => {
    const span = ['-ss', startSeconds.toFixed(3), '-t', durationSeconds.toFixed(3)];
    const chunks: Buffer[] = [];
    try {
      await run({
        program: 'ffmpeg',
        args: [
          ...quietArgs,
          '-v',
          'error',
          ...span,
          ...ownInputArgs('flac'),
          '-i',
          audioPath,
          '-ac',
          '1',
          '-ar',
          '16000',
          '-f',
          's16le',
          'pipe:1',
        ],
        directory: dirname(audioPath),
        limits: { wallSeconds: 300, fileBytes: 1_000_000 },
        signal,
        onOutput: (chunk) => void chunks.push(chunk),
      });
    } catch (error) {
      throw describeRunError(error, 'transcription_failed', 'Decoding the sound');
    }
    const bytes = Buffer.concat(chunks);
    // Copied, so that the samples are aligned whatever the chunks were.
    return new Int16Array(new Uint8Array(bytes.subarray(0, bytes.length & ~1)).buffer);
  };
}
