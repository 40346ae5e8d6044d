import type { Migration } from './migration.ts';

/** Agents that take no task any more, because their machine is to be given back. */
export const drainingAgents: Migration = {
  name: '20261127-draining-agents',
  up: () => `ALTER TABLE agents ADD COLUMN draining_at timestamptz;`,
  down: `ALTER TABLE agents DROP COLUMN draining_at;`,
};
