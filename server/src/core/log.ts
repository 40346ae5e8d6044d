import { type Logger, pino } from 'pino';
import { describeError } from './describeError.ts';

export type Log = Logger;

/** Builds the logger: JSON lines to `file`, or to standard error. Request bodies, names and addresses are never passed to it; errors lose what they quote. */
export function createLog(options: { level: string; file?: string | undefined }): Log {
  const destination = options.file === undefined ? pino.destination(2) : pino.destination({ dest: options.file, mkdir: true, mode: 0o600 });
  const serializers = { err: (error: unknown) => describeError(error) };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers }, destination);
}
