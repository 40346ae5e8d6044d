/** Tells whether an error carries one of these codes. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && codes.includes(code);
}

/** The sentence of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
