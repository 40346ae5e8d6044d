/** Codes of PostgreSQL and of the network that mean a broken or refused connection, and no fault of the statement. */
const connectionCodes = new Set([
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08003',
  '08006',
  '08001',
  '08004',
  '53300',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Errors of our own say themselves what is away: a bucket that refuses the connection is no lost database. */
const ownErrors = new Set(['AppError', 'StartError', 'StorageError', 'KeyError']);

/** The error and what it was made from, outermost first. */
function* causesOf(error: unknown): Generator<Error & { code?: string }> {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth++) {
    if (ownErrors.has(current.name)) {
      return;
    }
    yield current;
    current = (current as { parent?: unknown }).parent ?? current.cause;
  }
}

/** Tells whether an error means that the database is away for now, so that the same request may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  for (const { code, message, name } of causesOf(error)) {
    if ((code !== undefined && connectionCodes.has(code)) || /^Sequelize(Connection|Host|InvalidConnection)/.test(name)) {
      return true;
    }
    if (/Connection terminated|connection timeout|server closed the connection/i.test(message)) {
      return true;
    }
  }
  return false;
}

/** The sentence for operators about a database that is away: a name that does not resolve is most often a command outside of the network it belongs to. */
export function explainDatabaseAway(error: unknown): string {
  for (const cause of causesOf(error)) {
    const { hostname } = cause as { hostname?: unknown };
    if ((cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN') && typeof hostname === 'string') {
      return (
        `The database cannot be reached: this machine finds no address for the name "${hostname}". ` +
        'Names of compose.yaml are known inside its network only (docker compose exec server carmic …); otherwise correct CARMIC_DATABASE_URL.'
      );
    }
  }
  return `The database cannot be reached: ${error instanceof Error && error.message !== '' ? error.message : String(error)}`;
}
