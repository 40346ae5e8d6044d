const kept = 40;

/** Collects repair messages and ends a long list with how many more there were. */
export function createWarnings() {
  const messages: string[] = [];
  let more = 0;
  return {
    add(line: number | null, message: string): void {
      if (messages.length >= kept) {
        more += 1;
        return;
      }
      messages.push(line === null ? message : `Line ${line}: ${message}`);
    },
    list(): string[] {
      return more === 0 ? [...messages] : [...messages, `${more} more repairs of the same kinds were made.`];
    },
  };
}

export type Warnings = ReturnType<typeof createWarnings>;
