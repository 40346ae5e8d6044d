/** Runs work when a page has nothing to draw or to answer; after two seconds in every case. */
export function whenIdle(work: () => void): void {
  // Safari has no such call.
  if (typeof requestIdleCallback === 'function') {
    requestIdleCallback(work, { timeout: 2000 });
  } else {
    setTimeout(work, 500);
  }
}
