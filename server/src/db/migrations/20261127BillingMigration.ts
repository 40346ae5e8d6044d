import type { Migration } from './migration.ts';

function protect(table: string): string {
  const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

/** What is kept of Stripe: ids, states, amounts, brand and last four digits. */
export const billing: Migration = {
  name: '20261127-billing',
  up: (appRole) => `
    -- Prices as Stripe had them last. One that is gone there stays here, because subscriptions may still be on it.
    CREATE TABLE plan_prices (
      id text PRIMARY KEY,
      is_live boolean NOT NULL,
      plan_id uuid NOT NULL REFERENCES plans,
      product_id text NOT NULL,
      currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
      unit_amount bigint,
      period text NOT NULL CHECK (period IN ('month', 'year')),
      is_metered boolean NOT NULL,
      is_offered boolean NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE INDEX plan_prices_plan ON plan_prices (plan_id);

    -- A workspace at Stripe with the subscription that counts. The generation fences what was read from Stripe before something newer was.
    -- It outlives its workspace, whose subscription has to be ended at Stripe.
    CREATE TABLE billing_accounts (
      workspace_id uuid NOT NULL,
      is_live boolean NOT NULL,
      customer_id text NOT NULL UNIQUE,
      generation bigint NOT NULL DEFAULT 0,
      subscription_id text,
      status text,
      is_entitled boolean NOT NULL DEFAULT false,
      item_id text,
      price_id text,
      plan_id uuid REFERENCES plans,
      has_extra_minutes boolean NOT NULL DEFAULT false,
      subscription_count integer NOT NULL DEFAULT 0,
      period_ends_at timestamptz,
      cancels_at timestamptz,
      trial_ends_at timestamptz,
      lapsed_at timestamptz,
      card_brand text,
      card_last_four text CHECK (card_last_four ~ '^[0-9]{4}$'),
      unpaid_invoice_url text,
      fetched_at timestamptz,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (workspace_id, is_live)
    );
    CREATE INDEX billing_accounts_plan ON billing_accounts (plan_id);

    -- Plans that an administrator gave by hand, with the reason. They win over a subscription while they run.
    CREATE TABLE plan_grants (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      plan_id uuid NOT NULL REFERENCES plans,
      reason text NOT NULL,
      granted_by uuid REFERENCES users ON DELETE SET NULL,
      granted_at timestamptz NOT NULL,
      ends_at timestamptz,
      ended_at timestamptz
    );
    CREATE INDEX plan_grants_workspace ON plan_grants (workspace_id);
    CREATE INDEX plan_grants_plan ON plan_grants (plan_id);
    CREATE INDEX plan_grants_granted_by ON plan_grants (granted_by);

    -- Each event of Stripe once, by ids only: what happened is fetched, not believed.
    CREATE TABLE stripe_events (
      id text PRIMARY KEY,
      type text NOT NULL,
      object_id text,
      customer_id text,
      happened_at timestamptz NOT NULL,
      received_at timestamptz NOT NULL,
      attempts integer NOT NULL DEFAULT 0,
      next_attempt_at timestamptz NOT NULL,
      processed_at timestamptz,
      failure text
    );
    CREATE INDEX stripe_events_due ON stripe_events (next_attempt_at) WHERE processed_at IS NULL;
    CREATE INDEX stripe_events_received ON stripe_events (received_at DESC);

    CREATE TABLE billing_reconciliations (
      id uuid PRIMARY KEY,
      started_at timestamptz NOT NULL,
      finished_at timestamptz,
      checked integer NOT NULL DEFAULT 0,
      findings jsonb NOT NULL DEFAULT '[]',
      failure text
    );
    CREATE INDEX billing_reconciliations_started ON billing_reconciliations (started_at DESC);

    ${['billing_accounts', 'plan_grants'].map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON plan_prices, billing_accounts, plan_grants, stripe_events, billing_reconciliations TO ${appRole};
  `,
  down: `
    DROP TABLE billing_reconciliations, stripe_events, plan_grants, billing_accounts, plan_prices;
  `,
};
