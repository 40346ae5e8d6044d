import type { Migration } from './migration.ts';

/**
 * The order of events survives a move to another PostgreSQL, whose transaction ids begin anew: `event_xid` puts this cluster's ids behind those
 * that stand in the rows already (eventOrder.ts). Figures of the last hour
 * have an index.
 */
export const restore: Migration = {
  name: '20261127-restore',
  up: () => `
    CREATE FUNCTION event_xid(own xid8) RETURNS xid8 LANGUAGE sql STABLE AS 'SELECT own';
    ALTER TABLE events ALTER COLUMN txid SET DEFAULT event_xid(pg_current_xact_id());
    CREATE INDEX media_tasks_ended ON media_tasks (finished_at) WHERE state IN ('done', 'failed');
  `,
  down: `
    DROP INDEX media_tasks_ended;
    ALTER TABLE events ALTER COLUMN txid SET DEFAULT pg_current_xact_id();
    DROP FUNCTION event_xid(xid8);
  `,
};
