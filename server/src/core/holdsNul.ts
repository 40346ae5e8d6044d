/** Whether a text or a name anywhere in a value of JSON holds the character NUL, which PostgreSQL's text and JSON cannot. */
export function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') {
    return value.includes('\u0000');
  }
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  return Object.entries(value).some(([name, each]) => name.includes('\u0000') || holdsNul(each));
}
