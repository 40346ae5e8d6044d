import type { Migration } from './migration.ts';

/** Which version of a clip's edit list another was made on: undo leads there. Without one, as before this, it is the version before. */
export const editBases: Migration = {
  name: '20261128-edit-bases',
  up: () => 'ALTER TABLE clip_edits ADD COLUMN base_version integer CHECK (base_version > 0 AND base_version < version);',
  down: 'ALTER TABLE clip_edits DROP COLUMN base_version;',
};
