/**
 * What the log says of an error. Errors of databases, mail servers and parsers quote what they were given (names, addresses, words): of an error only the
 * fields listed here are written, and of its message nothing that is quoted and nothing that looks like an address of a person or a machine.
 */

/** Names and numbers of the program's own making; none holds what a customer wrote. */
const fields = ['code', 'errno', 'syscall', 'status', 'responseCode', 'severity', 'constraint', 'table', 'column', 'routine'] as const;
const deepest = 3;
const longestMessage = 500;

/** An error as it stands in a line of the log. */
export interface DescribedError {
  type: string;
  message: string;
  stack: string;
  cause?: DescribedError;
  [field: string]: unknown;
}

/** Describes anything that was thrown. */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: '', stack: '' };
  }
  const known = error as unknown as Readonly<Record<string, unknown>>;
  // Sequelize keeps the database's own error in `original`.
  const inner = known['original'] ?? error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
  return {
    type: error.constructor.name,
    message: withoutQuotes(error.message),
    ...Object.fromEntries(
      fields.flatMap((name) => (['string', 'number'].includes(typeof known[name]) ? [[name, withoutQuotes(String(known[name]))]] : [])),
    ),
    stack: framesOf(error.stack ?? ''),
    ...(inner instanceof Error && inner !== error && depth < deepest ? { cause: describeError(inner, depth + 1) } : {}),
  };
}

/** The lines of a stack that name code: the message before them may have any number of lines. */
function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line))
    .join('\n');
}

function withoutQuotes(text: string): string {
  return text
    .slice(0, longestMessage)
    .replace(/(["'`“‘])[^]*?(["'`”’]|$)/g, '…')
    .replace(/\S+@\S+/g, '…')
    .replace(/\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[0-9a-f]*:[0-9a-f:]*:[0-9a-f.:]*\b/gi, '…')
    .replace(/=\([^)]*\)/g, '=(…)')
    .replace(/\?\S+/g, '?…');
}
