import type { Migration } from './migration.ts';

/** How a person wants a rendition framed. */
export const framing: Migration = {
  name: '20261127-framing',
  up: () => 'ALTER TABLE renditions ADD COLUMN framing jsonb;',
  down: 'ALTER TABLE renditions DROP COLUMN framing;',
};
