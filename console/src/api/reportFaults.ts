import { describeFault } from '@carmic/contract';
import type { Call } from './client.ts';

const mostReports = 5;

/** Tells the server of faults of this page: their kind and their places in the program, nothing else; nowhere but to our own origin. Keeps: C4. */
export function reportFaults(call: Call): void {
  let left = mostReports;
  const report = (thrown: unknown) => {
    const fault = describeFault(thrown);
    // Without a place it says nothing.
    if (left > 0 && fault.frames.length > 0) {
      left -= 1;
      call('createErrorReport', { body: fault }).catch(() => undefined);
    }
  };
  addEventListener('error', (event) => report(event.error));
  addEventListener('unhandledrejection', (event) => report(event.reason));
}
