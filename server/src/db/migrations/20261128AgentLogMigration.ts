import type { Migration } from './migration.ts';

/** The last lines of every agent's log, for administrators to read where they look after agents. */
export const agentLog: Migration = {
  name: '20261128-agent-log',
  up: (appRole) => `
    CREATE TABLE agent_log_lines (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
      received_at timestamptz NOT NULL,
      logged_at timestamptz NOT NULL,
      level text NOT NULL CHECK (level IN ('info', 'warn', 'error', 'fatal')),
      text text NOT NULL,
      fields jsonb NOT NULL
    );
    CREATE INDEX agent_log_lines_agent ON agent_log_lines (agent_id, id DESC);
    CREATE INDEX agent_log_lines_received ON agent_log_lines (received_at);
    GRANT SELECT, INSERT, DELETE ON agent_log_lines TO ${appRole};
  `,
  down: 'DROP TABLE agent_log_lines;',
};
