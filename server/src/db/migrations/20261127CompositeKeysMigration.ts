import type { Migration } from './migration.ts';

/** The last reference between two tables of customers that did not carry the workspace: a delivery cannot name another workspace's endpoint. */
export const compositeKeys: Migration = {
  name: '20261127-composite-keys',
  up: () => `
    ALTER TABLE webhook_endpoints ADD CONSTRAINT webhook_endpoints_workspace_id_id_key UNIQUE (workspace_id, id);
    ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_endpoint_id_fkey,
      ADD CONSTRAINT webhook_deliveries_endpoint_fkey FOREIGN KEY (workspace_id, endpoint_id)
        REFERENCES webhook_endpoints (workspace_id, id) ON DELETE CASCADE;
    CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (workspace_id, endpoint_id);
    DROP INDEX webhook_deliveries_workspace;
  `,
  down: `
    CREATE INDEX webhook_deliveries_workspace ON webhook_deliveries (workspace_id);
    DROP INDEX webhook_deliveries_endpoint;
    ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_endpoint_fkey,
      ADD CONSTRAINT webhook_deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE;
    ALTER TABLE webhook_endpoints DROP CONSTRAINT webhook_endpoints_workspace_id_id_key;
  `,
};
