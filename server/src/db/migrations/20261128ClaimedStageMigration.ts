import type { Migration } from './migration.ts';

/** Until when a worker does the long work of a video's stage, so that no other does it too. */
export const claimedStage: Migration = {
  name: '20261128-claimed-stage',
  up: () => 'ALTER TABLE videos ADD COLUMN worked_until timestamptz;',
  down: 'ALTER TABLE videos DROP COLUMN worked_until;',
};
