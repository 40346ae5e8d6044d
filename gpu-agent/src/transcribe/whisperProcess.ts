import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { standBack } from '../neural/standBack.ts';
import type { Piece, WhisperReply, WhisperRequest } from './protocol.ts';

/** The whisper process ended by itself, as native code does on a bad model or a processor it was not built for. */
export class WhisperCrashed extends Error {
  override readonly name = 'WhisperCrashed';
}

/** A running whisper process with a model loaded. */
export interface WhisperProcess {
  hear(samples: Float32Array, language: string | null, prompt: string): Promise<{ pieces: Piece[]; language: string | null }>;
  stop(): void;
}

const childFile = fileURLToPath(new URL('./whisperChild.ts', import.meta.url));

/** Node before 22.18 reads TypeScript through tsx. */
function loaderArguments(): string[] {
  if ('typescript' in process.features && process.features.typescript !== false) {
    return [];
  }
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

/** What native code and Node need, and nothing of the agent's own: its token stays out of this process. */
function childEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'LANG'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

function exchange(child: ChildProcess, request: WhisperRequest, lastWords: () => string): Promise<WhisperReply> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      act();
    };
    const onMessage = (message: unknown) => finish(() => resolve(message as WhisperReply));
    const onExit = (code: number | null, signal: NodeJS.Signals | null) =>
      finish(() => reject(new WhisperCrashed(`The whisper process ended (${signal ?? `code ${code}`}). ${lastWords()}`.trim())));
    const onError = (error: Error) => finish(() => reject(error));
    child.once('message', onMessage);
    child.once('exit', onExit);
    child.once('error', onError);
    if (child.exitCode !== null || child.signalCode !== null) {
      onExit(child.exitCode, child.signalCode);
      return;
    }
    child.send(request);
  });
}

/** Starts a whisper process and loads a model. Rejects with WhisperCrashed when it dies, with Error when the model cannot be used. */
export async function startWhisper(options: {
  modelPath: string;
  binding: string;
  threads: number;
  /** How far it stands back where processors are short. */
  nice: number;
  signal: AbortSignal;
}): Promise<WhisperProcess> {
  options.signal.throwIfAborted();
  const child = fork(childFile, [], {
    execArgv: loaderArguments(),
    env: childEnvironment(),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  standBack(child, options.nice);
  let tail = '';
  child.stderr?.on('data', (data: Buffer) => {
    tail = (tail + data.toString('utf8')).slice(-2000);
  });
  const stop = () => {
    child.kill('SIGKILL');
  };
  options.signal.addEventListener('abort', stop, { once: true });
  child.once('exit', () => options.signal.removeEventListener('abort', stop));
  const ask = async (request: WhisperRequest): Promise<WhisperReply> => {
    const lastLine = () => tail.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
    const answer = await exchange(child, request, lastLine).catch((error: unknown) => {
      options.signal.throwIfAborted();
      throw error;
    });
    if (answer.kind === 'failed') {
      throw new Error(answer.message);
    }
    return answer;
  };
  try {
    await ask({ kind: 'load', modelPath: options.modelPath, binding: options.binding, threads: options.threads });
  } catch (error) {
    stop();
    throw error;
  }
  return {
    stop,
    async hear(samples, language, prompt) {
      const answer = await ask({ kind: 'hear', samples, language, prompt });
      return answer.kind === 'heard' ? answer : { pieces: [], language: null };
    },
  };
}
