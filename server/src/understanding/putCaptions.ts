import type { RouteInput, RouteReply } from '@carmic/contract';
import { AppError, wrongState } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { loadVideo } from '../library/load.ts';
import { CaptionsError } from './captions/parseCaptions.ts';
import { createSuppliedTranscriber } from './transcribers/supplied.ts';
import { storeTranscript } from './transcripts.ts';

/** States in which words may still be supplied: nothing has been made of other words yet. */
const openStates = ['uploading', 'inspecting', 'transcribing', 'failed'];

const readMs = 60_000;

/** Takes the words of a video from a caption file. Throws captions_invalid with the line and what to do. */
export async function putCaptions(
  deps: Deps,
  person: Person,
  videoId: string,
  body: RouteInput<'putCaptions'>['body'],
): Promise<RouteReply<'putCaptions'>> {
  const video = await deps.db.inWorkspace(person.workspaceId, (tx) => loadVideo(deps, tx, videoId));
  if (!openStates.includes(video.state)) {
    throw wrongState('The clips of this video are made already; upload it again with the caption file.');
  }
  const transcriber = open(Buffer.from(body.contentBase64, 'base64'), body.fileName);
  const document = await transcriber.transcribe({
    sound: null,
    durationSeconds: video.probe?.durationSeconds ?? Number.POSITIVE_INFINITY,
    language: body.language ?? video.options.language,
    keyTerms: [],
    signal: AbortSignal.timeout(readMs),
  });
  if (document.words.length === 0) {
    throw new AppError('captions_invalid', 'This caption file has no words: check that it is the right file.');
  }
  await storeTranscript(deps, video, document);
  return { wordCount: document.words.length, warnings: transcriber.supplied.warnings };
}

function open(bytes: Uint8Array, fileName: string) {
  try {
    return createSuppliedTranscriber(bytes, fileName);
  } catch (error) {
    if (error instanceof CaptionsError) {
      throw new AppError('captions_invalid', error.message, { details: { line: error.line } });
    }
    throw error;
  }
}
