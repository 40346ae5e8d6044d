/** Exit codes, after sysexits.h, so that scripts can tell the reasons apart. */
export const exitCodes = {
  failed: 1,
  usage: 64,
  dataError: 65,
  noInput: 66,
  unavailable: 69,
  software: 70,
  cantCreate: 73,
  ioError: 74,
  busy: 75,
  noPermission: 77,
  config: 78,
  interrupted: 130,
} as const;

export type ExitReason = keyof typeof exitCodes;

/** A reason why Carmic cannot go on, in a sentence that says what to do: printed without a stack, with its exit code. */
export class StartFailure extends Error {
  override readonly name = 'StartError';
  readonly exitCode: number;

  constructor(reason: ExitReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCodes[reason];
  }
}

/** The system's error code (`ENOENT`, `EACCES` ...) of whatever was thrown, or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Turns a system error about `path` into a sentence with an exit code; any other error is handed back as it is. */
export function describeSystemError(error: unknown, path: string, what: string): unknown {
  const cause = { cause: error };
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return new StartFailure(
        'noPermission',
        `${what} ${path} may not be written to by this user. Change its owner or permissions, or choose another.`,
        cause,
      );
    case 'EROFS':
      return new StartFailure('cantCreate', `${what} ${path} is on a read-only file system. Choose one that can be written to.`, cause);
    case 'ENOSPC':
    case 'EDQUOT':
      return new StartFailure('ioError', `${what} ${path} is on a disk that is full. Free some space, or choose another disk.`, cause);
    case 'ENOTDIR':
    case 'EEXIST':
      return new StartFailure('cantCreate', `${what} ${path} is a file, or lies below one. Choose a folder.`, cause);
    case 'ENOENT':
      return new StartFailure('cantCreate', `${what} ${path} cannot be made there. Choose another place.`, cause);
    case 'ENAMETOOLONG':
      return new StartFailure('cantCreate', `${what} ${path} has too long a name. Choose a shorter one.`, cause);
    default:
      return error;
  }
}
