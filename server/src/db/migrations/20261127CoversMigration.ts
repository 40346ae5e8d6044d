import type { Migration } from './migration.ts';

/** Which frame stands for a clip, and the picture codec a rendition was asked for in. */
export const covers: Migration = {
  name: '20261127-covers',
  up: () => `
    ALTER TABLE clips ADD COLUMN cover smallint NOT NULL DEFAULT 1 CHECK (cover BETWEEN 1 AND 3);
    ALTER TABLE renditions ADD COLUMN codec text NOT NULL DEFAULT 'h264' CHECK (codec IN ('h264', 'hevc', 'av1'));`,
  down: `
    ALTER TABLE renditions DROP COLUMN codec;
    ALTER TABLE clips DROP COLUMN cover;`,
};
