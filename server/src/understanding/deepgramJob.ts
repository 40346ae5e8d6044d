import { Readable } from 'node:stream';
import { buildFailure } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { Videos } from '../library/model.ts';
import { moveVideo } from '../library/moveVideo.ts';
import { findObject } from '../library/storedObjects.ts';
import { keyTermsOf } from './glossary/glossary.ts';
import { deepgramParty } from './switchboard/engines.ts';
import { countUse } from './switchboard/usage.ts';
import { tryNextEngine } from './nextEngine.ts';
import { findTranscript, storeTranscript } from './transcripts.ts';

/** Longest wait for an answer: Deepgram hears an hour in under a minute, plus the time of sending. */
const timeoutMs = 30 * 60 * 1000;

/** Sends the audio of a video to Deepgram and stores the words. Throws what may be tried again; a refusal ends the stage. */
export async function transcribeWithDeepgram(deps: Deps, workspaceId: string, videoId: string): Promise<void> {
  const { db, env, store } = deps;
  const loaded = await db.inWorkspace(workspaceId, async (tx) => {
    const video = await db.model(Videos).findByPk(videoId, { transaction: tx });
    const hasTranscript = (await findTranscript(deps, tx, videoId)) !== null;
    const audio = await findObject(deps, tx, videoId, 'audio');
    return video?.state === 'transcribing' && video.stageTimes.transcript?.engine === 'deepgram' && !hasTranscript
      ? { video, audio, keyTerms: await keyTermsOf(deps, tx) }
      : null;
  });
  if (loaded === null) {
    return;
  }
  const { video, audio, keyTerms } = loaded;
  if (audio === null || video.probe === null || env.CARMIC_DEEPGRAM_KEY === undefined) {
    await failTranscript(deps, workspaceId, videoId, 'transcription_failed', 'The audio for the transcription is not there.');
    return;
  }
  // Loaded at its first use: most installations never call it, and the SDK would slow every start.
  const [{ createDeepgramTranscriber }, { TranscriptionError }] = await Promise.all([
    import('./transcribers/deepgram.ts'),
    import('./transcribers/transcriber.ts'),
  ]);
  const transcriber = createDeepgramTranscriber({
    baseUrl: env.CARMIC_DEEPGRAM_URL,
    apiKey: env.CARMIC_DEEPGRAM_KEY,
    fetch: deps.egress.fetchFor(deepgramParty),
  });
  const seconds = video.probe.durationSeconds;
  const count = (isFailed: boolean) =>
    deps.db.inWorkspace(workspaceId, (tx) =>
      countUse(deps, tx, { workspaceId, kind: 'transcription', engine: 'deepgram', isFailed, seconds: isFailed ? 0 : seconds }),
    );
  try {
    const document = await transcriber.transcribe({
      sound: {
        open: async () => Readable.from((await store.get(audio.key)).stream),
        sizeBytes: audio.sizeBytes,
        contentType: audio.contentType,
      },
      durationSeconds: video.probe.durationSeconds,
      language: video.options.language,
      keyTerms,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await count(false);
    await storeTranscript(deps, video, document);
  } catch (error) {
    if (error instanceof TranscriptionError) {
      await count(true);
    }
    if (error instanceof TranscriptionError && (error.code === 'refused' || error.code === 'out_of_credit')) {
      await failTranscript(deps, workspaceId, videoId, 'transcription_refused', error.message);
      return;
    }
    throw error;
  }
}

/** Hands the transcript stage to the next engine of the order; without one it ends as failed. */
export async function failTranscript(
  deps: Deps,
  workspaceId: string,
  videoId: string,
  code: 'transcription_failed' | 'transcription_refused',
  message: string,
): Promise<void> {
  const failure = buildFailure('transcript', code, message);
  await deps.db.inWorkspace(workspaceId, async (tx) => {
    const video = await deps.db.model(Videos).findByPk(videoId, { transaction: tx });
    if (video !== null && !(await tryNextEngine(deps, tx, video, 'deepgram', message))) {
      await moveVideo(deps, tx, video, ['transcribing'], 'failed', { failure });
    }
  });
}
