import type { Call } from './client.ts';

const mostReports = 5;

/** Tells the server of faults of this page: their kind and their places in the program, nothing else; nowhere but to our own origin. Keeps: C4. */
export function reportFaults(call: Call): void {
  let left = mostReports;
  const report = async (thrown: unknown) => {
    const { describeFault } = await import('./checks.ts');
    const fault = describeFault(thrown);
    // Without a place it says nothing.
    if (left > 0 && fault.frames.length > 0) {
      left -= 1;
      await call('createErrorReport', { body: fault });
    }
  };
  // A report that cannot be made is no fault to report.
  const quietly = (thrown: unknown) => void report(thrown).catch(() => undefined);
  addEventListener('error', (event) => quietly(event.error));
  addEventListener('unhandledrejection', (event) => quietly(event.reason));
}
