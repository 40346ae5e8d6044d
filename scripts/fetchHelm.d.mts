/** The path of a Helm that is here already; null when there is none. */
export function findHelm(): string | null;
/** Answers the path of a Helm, bringing it when there is none. */
export function fetchHelm(): Promise<string>;
