/** Every value with its default and what its comment says. */
export function listValues(): { name: string; preset: string; told: string }[];
/** The table in Markdown. */
export function writeTable(): string;
/** The part of docs/kubernetes.md that this writes. */
export function readTable(): string;
