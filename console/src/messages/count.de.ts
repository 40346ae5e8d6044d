import { buildCounting } from './count.ts';

/** Zahlen, wie das Deutsche sie schreibt. */
export const { plural, number, count } = buildCounting('de');
