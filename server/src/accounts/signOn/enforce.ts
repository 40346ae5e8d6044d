import { AppError } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { findEnforced } from './providers.ts';

/**
 * Throws sign_on_needed for an address whose domain belongs to an enforced identity provider. It tells what the domain demands and nothing
 * about the account; only a break-glass administrator who has proved themselves already is let past.
 */
export async function refuseOtherDoors(deps: Deps, tx: Tx, email: string, user: { isBreakGlass: boolean } | null): Promise<void> {
  if (user?.isBreakGlass === true) {
    return;
  }
  const provider = await findEnforced(deps, tx, email);
  if (provider !== null) {
    throw new AppError('sign_on_needed', `People with this address sign in with ${provider.name} here.`, {
      details: { providerId: provider.id, name: provider.name },
    });
  }
}
