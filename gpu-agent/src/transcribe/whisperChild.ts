/**
 * The process that whisper runs in. Native code may end its process on a bad model or an old processor, holds gigabytes, and blocks its
 * thread for seconds: out here the agent survives it, stops it with one signal, and keeps renewing its lease meanwhile.
 */
import { type LoadedModel, loadModel } from './bindings.ts';
import type { WhisperReply, WhisperRequest } from './protocol.ts';

let model: LoadedModel | null = null;

function reply(message: WhisperReply): void {
  process.send?.(message);
}

async function answer(request: WhisperRequest): Promise<WhisperReply> {
  if (request.kind === 'load') {
    model = loadModel(request.binding, request.modelPath, request.threads);
    return { kind: 'loaded', engine: request.binding };
  }
  if (model === null) {
    throw new Error('No model is loaded.');
  }
  return { kind: 'heard', ...(await model.hear(request.samples, request.language, request.prompt)) };
}

process.on('message', (request: WhisperRequest) => {
  answer(request).then(reply, (error: unknown) =>
    reply({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
