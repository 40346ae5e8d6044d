import { defineConfig } from 'vitest/config';

/** What needs PostgreSQL shares one, started on first use and stopped at the end. */
const globalSetup = ['test/support/globalSetup.ts'];

const summaryFile = process.env['CARMIC_TEST_SUMMARY'];

export default defineConfig({
  test: {
    reporters: summaryFile === undefined ? ['default'] : ['default', ['./scripts/summaryReporter.mjs', { file: summaryFile }]],
    // Two cores and real ffmpeg: more files side by side only makes each of them time out.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'server/**/*.test.ts',
            'gpu-agent/**/*.test.ts',
            'start/**/*.test.ts',
            'scripts/**/*.test.ts',
            'console/src/**/*.test.ts',
          ],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'api',
          include: ['test/api/**/*.test.ts', 'test/storage/**/*.test.ts'],
          globalSetup,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'agent', include: ['test/agent/**/*.test.ts'], globalSetup, testTimeout: 180_000, hookTimeout: 120_000 } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], globalSetup, testTimeout: 180_000, hookTimeout: 120_000 } },
    ],
  },
});
