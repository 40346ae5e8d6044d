import { type Logger, pino } from 'pino';
import { describeError } from './describeError.ts';

export type Log = Logger;

const errorLevel = 50;

/**
 * Builds the logger: JSON lines to `file`, or to standard error. Request bodies, names and addresses are never passed to it; errors lose what they quote.
 * `onFault` hears of every fault that is logged as an error.
 */
export function createLog(options: { level: string; file?: string | undefined; onFault?: (thrown: unknown, route: unknown) => void }): Log {
  const destination = options.file === undefined ? pino.destination(2) : pino.destination({ dest: options.file, mkdir: true, mode: 0o600 });
  const serializers = { err: (error: unknown) => describeError(error) };
  const { onFault } = options;
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers,
      hooks: {
        logMethod(args, method, level) {
          const [fields] = args as [unknown];
          if (onFault !== undefined && level >= errorLevel && typeof fields === 'object' && fields !== null && 'err' in fields) {
            onFault(fields.err, 'route' in fields ? fields.route : null);
          }
          return method.apply(this, args);
        },
      },
    },
    destination,
  );
}
