const pausesMs = [400, 1500, 4000];

/** Loads a part of the console, and tries a few times more where the line fails for a moment. Throws what the last attempt threw. */
export async function untilLoaded<T>(load: () => Promise<T>, pauses: readonly number[] = pausesMs): Promise<T> {
  for (const pauseMs of pauses) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return load();
}
