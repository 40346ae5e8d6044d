import { hashSecret } from '../../core/crypto.ts';
import type { Deps } from '../../deps.ts';
import type { DirectoryActor } from '../../http/request.ts';

/** The directory that a token belongs to; null when it opens nothing. */
export function findDirectory(deps: Deps, token: string): Promise<DirectoryActor | null> {
  return deps.db.asSystem(async (tx) => {
    const [row] = await deps.db.rows<{ id: string }>(
      tx,
      'SELECT id FROM identity_providers WHERE directory_token_hash = :hash AND is_enabled',
      {
        hash: hashSecret(token),
      },
    );
    return row === undefined ? null : { kind: 'directory', providerId: row.id };
  });
}
