import type { Migration } from './migration.ts';

/** When the customer of a deleted workspace was deleted at Stripe too. */
export const forgottenCustomers: Migration = {
  name: '20261128-forgotten-customers',
  up: () => 'ALTER TABLE billing_accounts ADD COLUMN customer_deleted_at timestamptz;',
  down: 'ALTER TABLE billing_accounts DROP COLUMN customer_deleted_at;',
};
