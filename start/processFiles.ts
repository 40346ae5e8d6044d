/** Makes clips of files through the same HTTP API that the console uses, and writes them into folders. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiError, type Failure, type Stage, type StageName, type Video, type VideoOptions } from '@carmic/contract';
import { type Api, createApi } from './api.ts';
import type { StartArguments } from './arguments.ts';
import type { Inputs, InputVideo } from './checkInputs.ts';
import { formatBytes, formatSeconds, printable } from './printable.ts';
import type { Progress, Step } from './progress.ts';
import { exitCodes, StartFailure } from './startFailure.ts';
import type { Instance } from './startInstance.ts';
import { uploadFile } from './uploadFile.ts';
import { writeClips, type WrittenClips } from './writeClips.ts';

export interface ProcessFilesOptions {
  instance: Pick<Instance, 'baseUrl' | 'sessionToken'>;
  inputs: Inputs;
  args: Pick<StartArguments, 'count' | 'aspects' | 'language'>;
  progress: Progress;
  signal: AbortSignal;
}

const pollMs = 500;
const patienceMs = 60_000;

/** Processes every file and answers the exit code: 0 when each gave at least one finished clip. */
export async function processFiles(options: ProcessFilesOptions): Promise<number> {
  const { inputs, progress, signal } = options;
  const api = await createApi(options.instance);
  let isUploading: Promise<unknown> = Promise.resolve();
  const results = await Promise.all(
    inputs.videos.map(async (input) => {
      // One upload at a time; while the next one uploads, the agent works on the last.
      const sent = isUploading.then(() => sendVideo(api, input, options));
      isUploading = sent.catch(() => undefined);
      try {
        const video = await followVideo(api, await sent, labelOf(input, inputs), progress, signal);
        return await deliver(api, input, video, options);
      } catch (error) {
        signal.throwIfAborted();
        return explain(error);
      }
    }),
  );
  return report(inputs, results, progress);
}

type Result = { written: WrittenClips } | { reason: string; nextAction: string };

const stageLabels: Record<StageName, string> = {
  upload: 'Upload',
  inspect: 'Inspect',
  transcript: 'Transcript',
  highlights: 'Highlights',
  render: 'Render',
};

function labelOf(input: InputVideo, inputs: Inputs): (stage: StageName) => string {
  return (stage) => (inputs.videos.length === 1 ? stageLabels[stage] : `${printable(input.fileName)} · ${stageLabels[stage]}`);
}

/** Announces, captions and uploads one file. */
async function sendVideo(api: Api, input: InputVideo, { args, inputs, progress, signal }: ProcessFilesOptions): Promise<Video> {
  signal.throwIfAborted();
  const step = progress.step(labelOf(input, inputs)('upload'), `${input.fileName}, ${formatBytes(input.sizeBytes)}`);
  try {
    const { limits } = await api.call('getInstance');
    if (input.sizeBytes > limits.uploadBytes) {
      throw new StartFailure(
        'dataError',
        `${printable(input.fileName)} has ${formatBytes(input.sizeBytes)}, and the limit is ${formatBytes(limits.uploadBytes)}. Use a smaller file, or set CARMIC_MAX_UPLOAD_BYTES.`,
      );
    }
    const { video, upload } = await api.call(
      'createVideo',
      { body: { fileName: input.fileName, sizeBytes: input.sizeBytes, options: buildOptions(args) } },
      { signal, idempotencyKey: crypto.randomUUID() },
    );
    if (input.captions !== undefined) {
      await sendCaptions(api, video.id, input.captions, progress);
    }
    const done = await uploadFile({
      api,
      upload,
      path: input.path,
      signal,
      onProgress: (share) => step.update(printable(input.fileName), share),
    });
    step.done(`${printable(input.fileName)}, ${formatBytes(input.sizeBytes)}`);
    return done;
  } catch (error) {
    step.fail('not uploaded');
    throw error;
  }
}

function buildOptions(args: ProcessFilesOptions['args']): Partial<VideoOptions> {
  return {
    ...(args.count === undefined ? {} : { clipCount: args.count }),
    ...(args.aspects.length === 0 ? {} : { aspects: [...args.aspects] }),
    ...(args.language === undefined ? {} : { language: args.language }),
  };
}

/** Supplies the words; an unusable file takes the announced video away again, so that nothing half-made stays. */
async function sendCaptions(api: Api, videoId: string, path: string, progress: Progress): Promise<void> {
  const fileName = path.slice(path.lastIndexOf('/') + 1);
  try {
    const { warnings } = await api.call('putCaptions', {
      params: { id: videoId },
      body: { fileName, contentBase64: readFileSync(path).toString('base64') },
    });
    for (const warning of warnings.slice(0, 5)) {
      progress.say(`  ${printable(fileName)}: ${printable(warning)}`);
    }
  } catch (error) {
    await api.call('deleteVideo', { params: { id: videoId } });
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
      throw new StartFailure(
        'dataError',
        `${printable(fileName)} cannot be used: ${error.message} Correct the caption file, or leave --captions out.`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Shows the stages of a video until it is ready or has failed. */
export async function followVideo(
  api: Api,
  first: Video,
  label: (stage: StageName) => string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Video> {
  const steps = new Map<StageName, Step | null>([['upload', null]]);
  let video = first;
  for (;;) {
    for (const stage of video.stages) {
      showStage(stage, steps, label, progress, video);
    }
    if (video.state === 'ready' || video.state === 'failed' || video.state === 'deleting') {
      return video;
    }
    await pause(pollMs, undefined, { signal });
    video = await patiently(() => api.call('getVideo', { params: { id: first.id } }, { signal }), signal);
  }
}

function showStage(
  stage: Stage,
  steps: Map<StageName, Step | null>,
  label: (stage: StageName) => string,
  progress: Progress,
  video: Video,
): void {
  const known = steps.get(stage.name);
  if (known === null || stage.state === 'waiting') {
    return;
  }
  const step = known ?? progress.step(label(stage.name), stage.note ?? 'working');
  steps.set(stage.name, step);
  const left = stage.secondsLeft === null ? '' : `, ${formatSeconds(stage.secondsLeft)} left`;
  switch (stage.state) {
    case 'running':
      step.update(`${stage.note ?? ''}${left}`, stage.progress);
      return;
    case 'done':
      step.done(stage.note ?? 'done');
      break;
    case 'skipped':
      step.skip(stage.note ?? 'not needed');
      break;
    case 'failed':
      step.fail(video.failure?.message ?? stage.note ?? 'failed');
      break;
  }
  steps.set(stage.name, null);
}

/** Repeats a call while the server or its database is away, for a minute at most. */
async function patiently<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ;) {
    try {
      return await call();
    } catch (error) {
      const isPassing = !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;
      if (signal.aborted || !isPassing || Date.now() > deadline) {
        throw error;
      }
      const waitSeconds = error instanceof ApiError ? (error.retryAfterSeconds ?? 1) : 1;
      await pause(Math.min(10, waitSeconds) * 1000, undefined, { signal });
    }
  }
}

async function deliver(api: Api, input: InputVideo, video: Video, { progress, signal }: ProcessFilesOptions): Promise<Result> {
  for (const notice of video.notices) {
    progress.say(`  ${printable(notice)}`);
  }
  if (video.failure !== null || video.state !== 'ready') {
    return fromFailure(video.failure, video.state);
  }
  const written = await writeClips({ api, video, input, signal });
  if (written.clipCount > 0) {
    return { written };
  }
  return written.firstFailure === null
    ? { reason: 'No clip was finished.', nextAction: 'Use a longer video, or a smaller --count.' }
    : fromFailure(written.firstFailure, video.state);
}

function fromFailure(failure: Failure | null, state: string): Result {
  return failure === null
    ? { reason: `The video ended as "${state}".`, nextAction: 'Start it again.' }
    : { reason: failure.message, nextAction: failure.nextAction };
}

function explain(error: unknown): Result {
  if (error instanceof StartFailure) {
    return { reason: error.message, nextAction: '' };
  }
  if (error instanceof ApiError) {
    return {
      reason: error.message,
      nextAction: error.status >= 500 || error.status === 0 ? 'Try again; logs/server.log in the data folder says more.' : '',
    };
  }
  throw error;
}

function report(inputs: Inputs, results: readonly Result[], progress: Progress): number {
  let code = 0;
  progress.say('');
  for (const [index, result] of results.entries()) {
    const input = inputs.videos[index];
    const name = input === undefined ? '' : printable(input.fileName);
    if ('written' in result) {
      const { clipCount, clips } = result.written;
      progress.say(`  ${name}: ${clipCount} ${clipCount === 1 ? 'clip' : 'clips'} in ${input?.out ?? ''}`);
      for (const clip of clips) {
        progress.say(
          `    ${String(Math.round(clip.score)).padStart(3)}  ${formatSeconds(clip.seconds).padStart(6)}  ${clip.file}  ${printable(clip.title)}`,
        );
      }
    } else {
      code = exitCodes.failed;
      process.stderr.write(`\n${name}: no clip. ${result.reason}${result.nextAction === '' ? '' : `\n  ${result.nextAction}`}\n`);
    }
  }
  return code;
}
