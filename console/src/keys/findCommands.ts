/** Something the palette can do, with the words by which it is found. */
export interface Command {
  key: string;
  label: string;
}

const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();

/** Commands that have every word of the question at the beginning of one of theirs; whole beginnings go first. */
export function findCommands<C extends Command>(commands: readonly C[], question: string): C[] {
  const wanted = plain(question)
    .split(/\s+/)
    .filter((word) => word !== '');
  const hits = commands.filter(({ label }) => {
    const own = plain(label).split(/[^\p{L}\p{N}]+/u);
    return wanted.every((word) => own.some((each) => each.startsWith(word)));
  });
  const begins = (command: C) => (plain(command.label).startsWith(plain(question).trim()) ? 0 : 1);
  return hits.toSorted((a, b) => begins(a) - begins(b));
}
