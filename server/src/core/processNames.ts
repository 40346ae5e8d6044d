/** The parts of the server that a process can be, in the order in which they start. */
export const processNames = ['migrate', 'web', 'worker'] as const;
export type ProcessName = (typeof processNames)[number];
