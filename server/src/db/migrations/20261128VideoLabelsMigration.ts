import type { Migration } from './migration.ts';

/** Folder and tags of videos, sealed, and the keyed hashes by which they are found. */
export const videoLabels: Migration = {
  name: '20261128-video-labels',
  up: () => `
    ALTER TABLE videos ADD COLUMN labels_sealed bytea, ADD COLUMN label_tokens bigint[] NOT NULL DEFAULT '{}';
    CREATE INDEX videos_label_tokens ON videos USING gin (label_tokens);
  `,
  down: 'ALTER TABLE videos DROP COLUMN label_tokens, DROP COLUMN labels_sealed;',
};
