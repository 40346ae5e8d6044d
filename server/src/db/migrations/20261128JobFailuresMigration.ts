import type { Migration } from './migration.ts';

/** Jobs that failed for good stay to be seen, and tried again, instead of being forgotten. */
export const jobFailures: Migration = {
  name: '20261128-job-failures',
  up: () => `
    ALTER TABLE job_failures ADD COLUMN payload jsonb, ADD COLUMN reason text, ADD COLUMN failed_at timestamptz;
    CREATE INDEX job_failures_failed ON job_failures (failed_at DESC) WHERE failed_at IS NOT NULL;
  `,
  down: `
    DROP INDEX job_failures_failed;
    DELETE FROM job_failures WHERE failed_at IS NOT NULL;
    ALTER TABLE job_failures DROP COLUMN payload, DROP COLUMN reason, DROP COLUMN failed_at;
  `,
};
