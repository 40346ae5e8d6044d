/**
 * What the server says in its own words. It speaks English; another language tells it anew by the code or the name that comes along, and
 * may quote what only the sentence knows.
 */
import type { Failure, ScorePart } from '@carmic/contract';

/** Says what the server says. */
const asSaid = (_name: string, said: string) => said;

export const server = {
  error: (_code: string, message: string) => message,
  failure: ({ message, nextAction }: Pick<Failure, 'code' | 'message' | 'nextAction'>) => ({ message, nextAction }),
  scorePart: ({ label, reason }: Pick<ScorePart, 'name' | 'label' | 'reason' | 'points'>) => ({ label, reason }),
  fact: (_name: string, label: string) => label,
  bound: (bound: string) => bound,
  unit: (unit: string) => unit,
  /** A line beside a stage: what is going on, or why it was left out. */
  note: (note: string) => note,
  /** The label or the explanation of an engine. */
  engine: (text: string) => text,
  /** How a call of an engine for a test went. */
  tested: (text: string) => text,
  /** Why a layout or an encoder was chosen. */
  choice: (reason: string) => reason,
  /** What the server tells of something in a sentence of its own: a notice, the reason of a verdict, what an agent found about itself. */
  sentence: (text: string) => text,
  /** What the parts of the data map are, each by its name. */
  dataMap: {
    tables: asSaid,
    objects: asSaid,
    logFields: asSaid,
    classes: asSaid,
    purposes: asSaid,
    legalBases: asSaid,
    retentions: asSaid,
    recipients: asSaid,
  },
};
