import { defineConfig } from 'vitest/config';

/** What needs PostgreSQL shares one, started before the first and stopped after the last. */
const globalSetup = ['test/support/globalSetup.ts'];

const summaryFile = process.env['CARMIC_TEST_SUMMARY'];

// What has real processes, clocks and a shared machine in it gets a second attempt on a build machine; the summary names every test that
// needed one, so that it is mended and not forgotten.
const retry = process.env['CI'] === 'true' ? 1 : 0;

// The kinds run one after the other, quick ones first; those of one `groupOrder` run into each other, so that no processor waits for the last
// file of a kind. Tests with real agents watch the clock while ffmpeg fills the processors, so that they run one file at a time.
const agentProcesses = ['gpu-agent/test/agent.test.ts', 'gpu-agent/test/longSource.test.ts'];
// What is waited for comes when it comes: a busy machine is no fault, so that waiting ends long after anybody would have given up.
const patient = { expect: { poll: { timeout: 60_000, interval: 100 } } };

// Files of the larger kinds share the modules that are loaded, since loading the server took a fifth of the time: what lives longer than a file is on what
// it starts, not on modules, and `vi.mock` would reach the next file.
const shared = { isolate: false };

const slow = { ...patient, globalSetup, retry, testTimeout: 240_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    reporters: summaryFile === undefined ? ['default'] : ['default', ['./scripts/summaryReporter.mjs', { file: summaryFile }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'server/**/*.test.ts',
            'captions/src/**/*.test.ts',
            'gpu-agent/src/**/*.test.ts',
            'start/**/*.test.ts',
            'scripts/**/*.test.ts',
            'console/src/**/*.test.ts',
          ],
          ...shared,
          testTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'api',
          include: ['test/api/**/*.test.ts', 'test/storage/*.test.ts'],
          ...slow,
          ...shared,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'engine',
          include: ['gpu-agent/test/**/*.test.ts'],
          exclude: agentProcesses,
          ...slow,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'agent',
          include: ['test/agent/**/*.test.ts', ...agentProcesses],
          ...slow,
          ...shared,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      // Last, because a build machine is still compiling the server that these talk to while the others run.
      {
        test: {
          name: 's3',
          include: ['test/storage/s3/**/*.test.ts'],
          ...slow,
          maxWorkers: 1,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          name: 'ceph',
          include: ['test/storage/ceph/**/*.test.ts'],
          ...slow,
          maxWorkers: 1,
          sequence: { groupOrder: 8 },
        },
      },
      {
        test: {
          name: 'images',
          include: ['test/images/**/*.test.ts'],
          ...patient,
          retry,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 1,
          sequence: { groupOrder: 6 },
        },
      },
      // The parts of `images` without an installation: minutes where those are an hour.
      {
        test: {
          name: 'build',
          include: ['test/images/build.test.ts', 'test/images/host.test.ts'],
          ...patient,
          retry,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 1,
          sequence: { groupOrder: 9 },
        },
      },
      // Renders the Helm chart and holds what comes out against Kubernetes' own schemas.
      {
        test: {
          name: 'chart',
          include: ['test/chart/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 7 },
        },
      },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...slow, ...shared, maxWorkers: 2, sequence: { groupOrder: 4 } } },
    ],
  },
});
