/** The time as the rest of the code may know it. */
export interface Clock {
  now(): Date;
}

/** Builds the machine's clock, shifted by `offsetMs`. */
export function systemClock(offsetMs = 0): Clock {
  return { now: () => new Date(Date.now() + offsetMs) };
}

/** `date` moved by `seconds`. */
export function addSeconds(date: Date, seconds: number): Date {
  return new Date(date.getTime() + seconds * 1000);
}
