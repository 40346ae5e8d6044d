/** A table of allowed moves: for each state, the states it may become. */
export type Transitions<S extends string> = { readonly [from in S]: readonly S[] };

/** The states from which `to` may be reached. */
export function sourcesOf<S extends string>(table: Transitions<S>, to: S): S[] {
  return (Object.keys(table) as S[]).filter((from) => table[from].includes(to));
}

/** Throws when a move from `from` to `to` is not in the table: a mistake in the program, never of its input. */
export function assertAllowed<S extends string>(table: Transitions<S>, from: readonly S[], to: S): void {
  const forbidden = from.filter((state) => !table[state].includes(to));
  if (forbidden.length > 0) {
    throw new Error(`No transition from ${forbidden.join(', ')} to ${to}.`);
  }
}
