import type { OutputName, TaskResult } from '@carmic/contract';
import type { Logger } from 'pino';
import type { Run } from '../ffmpeg/run.ts';
import type { Source } from './sourceServer.ts';

/** What a task works with. Everything it writes goes into `directory`, which is removed afterwards whatever happens. */
export interface TaskContext {
  directory: string;
  source: Source;
  /** Opens a further file that the task names; close it when it is done with. */
  openSource: (file: { url: string; sizeBytes: number }) => Source;
  run: Run;
  /** Aborts when the lease is lost, the task is cancelled, or the agent stops. */
  signal: AbortSignal;
  /** Takes the share done and, in a few words, what is being done. */
  onProgress: (share: number, note: string) => void;
  log: Logger;
}

export interface TaskOutcome {
  result: TaskResult;
  files: { name: OutputName; path: string }[];
}
