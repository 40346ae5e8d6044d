/** The path of a stripe-mock that is here already; null when there is none. */
export function findStripeMock(): string | null;
/** The path of a stripe-mock, built when there is none. Throws when it cannot be had. */
export function fetchStripeMock(): Promise<string>;
