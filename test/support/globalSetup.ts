import type { TestProject } from 'vitest/node';
import { startTestPostgres, type TestPostgres } from './testPostgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: { superuserUrl: string; ownerPassword: string; appPassword: string; template: string };
  }
}

/** Every project loads this file by itself, so what they share lives on the process. */
interface Shared {
  users: number;
  starting: Promise<TestPostgres>;
}

/** Starts PostgreSQL before the first project that needs it, and stops it after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const store = globalThis as { carmicTestPostgres?: Shared | undefined };
  const state = (store.carmicTestPostgres ??= { users: 0, starting: startTestPostgres() });
  state.users += 1;
  const postgres = await state.starting;
  project.provide('postgres', postgres.access);
  return async () => {
    state.users -= 1;
    if (state.users === 0) {
      store.carmicTestPostgres = undefined;
      await postgres.stop();
    }
  };
}
