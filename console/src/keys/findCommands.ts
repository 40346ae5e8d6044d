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
  const beginning = plain(question).trim();
  const wanted = beginning.split(/\s+/).filter((word) => word !== '');
  const hits = commands.flatMap((command) => {
    const label = plain(command.label);
    const own = label.split(/[^\p{L}\p{N}]+/u);
    return wanted.every((word) => own.some((each) => each.startsWith(word)))
      ? [{ command, rank: label.startsWith(beginning) ? 0 : 1 }]
      : [];
  });
  return hits.toSorted((a, b) => a.rank - b.rank).map(({ command }) => command);
}
