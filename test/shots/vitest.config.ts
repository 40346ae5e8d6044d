import { defineConfig } from 'vitest/config';

/** `npm run shots`: not a test, but it stands on what the tests stand on (PostgreSQL, the instance, the browser). */
export default defineConfig({
  test: {
    include: ['test/shots/**/*.shots.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    testTimeout: 2_400_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
  },
});
