/** API keys: a prefix to recognise, a secret shown once and stored as a hash, scopes, addresses, an end, and rotation with overlap. */
import type { ApiKey, RouteInput, Scope } from '@carmic/contract';
import { isRange } from '../core/addresses.ts';
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { forbidden, invalidInput, notFound, wrongState } from '../core/errors.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import { requireFeature } from './planAllows.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { notifyOfChange } from './notices.ts';

/** Prefix of API keys, so that secret scanners can name a leaked one. */
export const apiKeyPrefix = 'carmic_key';
const shownCharacters = apiKeyPrefix.length + 7;

interface KeyRow {
  id: string;
  workspace_id: string;
  user_id: string;
  user_name: string;
  user_kind: 'person' | 'service';
  name: string;
  prefix: string;
  scopes: Scope[];
  addresses: string[];
  created_at: Date;
  expires_at: Date | null;
  replaced_at: Date | null;
  last_used_at: Date | null;
  last_used_address_sealed: Buffer | null;
}

/** The row and column of the address that a key was used from last. */
export const addressContext = (id: string) => `api_keys.last_used_address:${id}`;

function present(deps: Deps, row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    addresses: row.addresses,
    owner: { id: row.user_id, name: row.user_name, kind: row.user_kind },
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    lastUsedAddress: row.last_used_address_sealed === null ? null : deps.sealer.open(addressContext(row.id), row.last_used_address_sealed),
    replacedAt: row.replaced_at?.toISOString() ?? null,
  };
}

/** Keys that a person may see and end: their own, and for owners those of service accounts. */
async function findKeys(deps: Deps, tx: Tx, person: Person, id: string | null): Promise<KeyRow[]> {
  return deps.db.rows<KeyRow>(
    tx,
    `SELECT k.*, u.name AS user_name, u.kind AS user_kind FROM api_keys k JOIN users u ON u.id = k.user_id
     WHERE k.workspace_id = :workspaceId AND (k.user_id = :userId OR (:isOwner AND u.kind = 'service'))
       AND (CAST(:id AS text) IS NULL OR k.id::text = :id) AND (k.expires_at IS NULL OR k.expires_at > :now)
     ORDER BY k.created_at DESC, k.id`,
    { workspaceId: person.workspaceId, userId: person.userId, isOwner: person.role === 'owner', id, now: deps.clock.now() },
  );
}

async function oneKey(deps: Deps, tx: Tx, person: Person, id: string): Promise<KeyRow> {
  const [row] = await findKeys(deps, tx, person, id);
  if (row === undefined) {
    throw notFound('API key');
  }
  return row;
}

/** The keys a person may see. */
export function listApiKeys(deps: Deps, person: Person): Promise<ApiKey[]> {
  return deps.db.inWorkspace(person.workspaceId, async (tx) => (await findKeys(deps, tx, person, null)).map((row) => present(deps, row)));
}

/** Makes a key for oneself, or as an owner for a service account. Throws forbidden for a scope one does not have. */
export function createApiKey(
  deps: Deps,
  person: Person,
  body: RouteInput<'createApiKey'>['body'],
): Promise<{ key: ApiKey; secret: string }> {
  const { db, clock } = deps;
  const wrong = body.addresses.find((range) => !isRange(range));
  if (wrong !== undefined) {
    throw invalidInput(`${wrong} is no address or range such as 10.0.0.0/8.`);
  }
  if (body.scopes.includes('admin') && !person.isAdmin) {
    throw forbidden('Only administrators of this installation can make keys that administrate it.');
  }
  return db.inWorkspace(person.workspaceId, async (tx) => {
    await requireFeature(deps, tx, person.workspaceId, 'apiKeys');
    const userId = await keyOwner(deps, tx, person, body);
    const expiresAt = body.expiresInDays === null ? null : addSeconds(clock.now(), body.expiresInDays * 24 * 3600);
    const made = await insertKey(deps, tx, {
      workspaceId: person.workspaceId,
      userId,
      name: body.name,
      scopes: body.scopes,
      addresses: body.addresses,
      expiresAt,
    });
    await deps.appendEvent(tx, {
      workspaceId: person.workspaceId,
      type: 'api_key.created',
      subjectId: made.id,
      actorId: person.userId,
      data: { scopes: body.scopes },
    });
    await notifyOfChange(deps, tx, person.userId, 'api_key_made');
    return { key: present(deps, await oneKey(deps, tx, person, made.id)), secret: made.secret };
  });
}

async function keyOwner(deps: Deps, tx: Tx, person: Person, body: RouteInput<'createApiKey'>['body']): Promise<string> {
  if (body.serviceAccountId === undefined) {
    return person.userId;
  }
  if (person.role !== 'owner') {
    throw forbidden('Only owners make keys for service accounts.');
  }
  const [account] = await deps.db.rows<{ id: string }>(
    tx,
    `SELECT u.id FROM users u JOIN members m ON m.user_id = u.id AND m.workspace_id = :workspaceId WHERE u.id = :id AND u.kind = 'service'`,
    { id: body.serviceAccountId, workspaceId: person.workspaceId },
  );
  if (account === undefined) {
    throw notFound('service account');
  }
  if (body.scopes.includes('admin')) {
    throw forbidden('A service account belongs to a workspace and cannot administrate the installation.');
  }
  return account.id;
}

interface NewKey {
  workspaceId: string;
  userId: string;
  name: string;
  scopes: readonly Scope[];
  addresses: readonly string[];
  expiresAt: Date | null;
}

async function insertKey(deps: Deps, tx: Tx, key: NewKey): Promise<{ id: string; secret: string }> {
  const secret = newSecret(apiKeyPrefix);
  const id = newId();
  await deps.db.change(
    tx,
    `INSERT INTO api_keys (id, workspace_id, user_id, name, prefix, key_hash, scopes, addresses, created_at, expires_at)
     VALUES (:id, :workspaceId, :userId, :name, :prefix, :hash, CAST(:scopes AS jsonb), CAST(:addresses AS jsonb), :now, :expiresAt)`,
    {
      ...key,
      id,
      prefix: secret.slice(0, shownCharacters),
      hash: hashSecret(secret),
      scopes: JSON.stringify(key.scopes),
      addresses: JSON.stringify(key.addresses),
      now: deps.clock.now(),
    },
  );
  return { id, secret };
}

/** Makes a new secret with the same rights and the same length of life; the old key works on for the overlap. */
export function rotateApiKey(deps: Deps, person: Person, id: string, overlapHours: number): Promise<{ key: ApiKey; secret: string }> {
  const { db, clock } = deps;
  return db.inWorkspace(person.workspaceId, async (tx) => {
    const old = await oneKey(deps, tx, person, id);
    if (old.replaced_at !== null) {
      throw wrongState('This key was replaced already: rotate the newer one.');
    }
    if (person.scopes !== null && (old.id !== person.sessionId || old.scopes.some((scope) => !person.scopes?.includes(scope)))) {
      throw forbidden('A key can rotate itself only.');
    }
    const now = clock.now();
    const lifeMs = old.expires_at === null ? null : old.expires_at.getTime() - old.created_at.getTime();
    const made = await insertKey(deps, tx, {
      workspaceId: old.workspace_id,
      userId: old.user_id,
      name: old.name,
      scopes: old.scopes,
      addresses: old.addresses,
      expiresAt: lifeMs === null ? null : new Date(now.getTime() + lifeMs),
    });
    const overlapEnd = addSeconds(now, overlapHours * 3600);
    await db.change(tx, 'UPDATE api_keys SET replaced_at = :now, expires_at = LEAST(COALESCE(expires_at, :end), :end) WHERE id = :id', {
      id,
      now,
      end: overlapEnd,
    });
    await deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'api_key.rotated', subjectId: made.id, actorId: person.userId });
    return { key: present(deps, await oneKey(deps, tx, person, made.id)), secret: made.secret };
  });
}

/** Ends a key at once. */
export async function deleteApiKey(deps: Deps, person: Person, id: string): Promise<void> {
  await deps.db.inWorkspace(person.workspaceId, async (tx) => {
    const key = await oneKey(deps, tx, person, id);
    await deps.db.change(tx, 'DELETE FROM api_keys WHERE id = :id', { id: key.id });
    await deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'api_key.deleted', subjectId: id, actorId: person.userId });
  });
}
