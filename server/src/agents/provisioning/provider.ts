/** One rented machine. */
export interface Machine {
  id: string;
  /** Also the name of its agent. */
  name: string;
  createdAt: Date;
  /** What it costs in an hour, in millionths of the currency. */
  hourlyMicros: number;
}

/** A place where a machine can be had, and its price. */
export interface Offer {
  location: string;
  hourlyMicros: number;
}

/** Somebody who rents machines out. Methods throw ProvisionError. */
export interface MachineProvider {
  readonly name: string;
  /** Every machine of this installation, also those whose making was never confirmed. */
  list(): Promise<Machine[]>;
  /** Where machines can be had, cheapest first. */
  offers(): Promise<Offer[]>;
  /** Rents one. Doing it again with the same name makes no second. */
  create(machine: { name: string; userData: string; offer: Offer }): Promise<void>;
  /** Gives one back; one that is not there any more is no error. */
  remove(id: string): Promise<void>;
}

/**
 * `unavailable`: try another place; `later`: no more calls for now; `refused`: somebody has to mend the settings; `exists`, `not_found`: as it
 * says; `unknown_outcome`: it may have happened, which the next list tells.
 */
export type ProvisionErrorCode = 'unavailable' | 'later' | 'refused' | 'exists' | 'not_found' | 'unknown_outcome';

export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
  readonly code: ProvisionErrorCode;

  constructor(code: ProvisionErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
