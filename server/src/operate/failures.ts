import { explainDatabaseAway, isDatabaseAway } from '../db/databaseAway.ts';

/** Tells whether an error carries one of these codes. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && codes.includes(code);
}

/** The sentence of an error, for operators: whoever reads it may stand outside of the network that the names belong to. */
export function explain(error: unknown): string {
  return isDatabaseAway(error) ? explainDatabaseAway(error) : messageOf(error);
}

/** The sentence of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
