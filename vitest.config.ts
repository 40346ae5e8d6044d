import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['server/**/*.test.ts', 'gpu-agent/**/*.test.ts', 'start/**/*.test.ts', 'console/src/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
