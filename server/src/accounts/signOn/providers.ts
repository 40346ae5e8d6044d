/** Identity providers of the installation. What an administrator wrote down is sealed; what queries need stands beside it. */
import { createHash } from 'node:crypto';
import { type IdentityProvider, identityProviderBodySchema, type RouteInput, type SignOnTrial, signOnTrialSchema } from '@carmic/contract';
import { z } from 'zod';
import { hashSecret } from '../../core/crypto.ts';
import { conflict, invalidInput, notFound } from '../../core/errors.ts';
import { newId, newSecret } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { Person } from '../../http/request.ts';

/** Prefix of the tokens of directories, so that secret scanners can name a leaked one. */
export const directoryPrefix = 'carmic_scim';
const callbackPath = '/api/v1/sign-on-callback';

const settingsSchema = identityProviderBodySchema.extend({ clientSecret: z.string().nullable() });

interface ProviderRow {
  id: string;
  settings_sealed: Buffer;
  directory_token_hash: Buffer | null;
  trial_sealed: Buffer | null;
  created_at: Date;
  updated_at: Date;
}

/** A provider with everything that signing in needs. */
export interface Provider extends z.infer<typeof settingsSchema> {
  id: string;
  hasDirectoryToken: boolean;
  lastTrial: SignOnTrial | null;
  createdAt: Date;
  /** Changes with every change. */
  version: string;
}

const settingsContext = (id: string) => `identity_providers.settings:${id}`;
const trialContext = (id: string) => `identity_providers.trial:${id}`;

/** Where the provider leads the browser back to. */
export const redirectUriOf = (deps: Deps): string => `${deps.baseUrl()}${callbackPath}`;

function openRow(deps: Deps, row: ProviderRow): Provider {
  const settings = settingsSchema.parse(JSON.parse(deps.sealer.open(settingsContext(row.id), row.settings_sealed)));
  return {
    ...settings,
    id: row.id,
    hasDirectoryToken: row.directory_token_hash !== null,
    lastTrial:
      row.trial_sealed === null ? null : signOnTrialSchema.parse(JSON.parse(deps.sealer.open(trialContext(row.id), row.trial_sealed))),
    createdAt: row.created_at,
    version: createHash('sha256').update(row.settings_sealed).digest('base64url').slice(0, 22),
  };
}

/** A provider as administrators see it: without its secret. */
export function presentProvider(deps: Deps, provider: Provider): IdentityProvider {
  const { clientSecret, createdAt, ...rest } = provider;
  return {
    ...rest,
    hasClientSecret: clientSecret !== null,
    redirectUri: redirectUriOf(deps),
    directoryUrl: `${deps.baseUrl()}/scim/v2`,
    createdAt: createdAt.toISOString(),
  };
}

/** All providers, or the one with an id. */
export async function findProviders(deps: Deps, tx: Tx, id: string | null = null): Promise<Provider[]> {
  const rows = await deps.db.rows<ProviderRow>(
    tx,
    `SELECT id, settings_sealed, directory_token_hash, trial_sealed, created_at, updated_at FROM identity_providers
     WHERE CAST(:id AS text) IS NULL OR id::text = :id ORDER BY created_at, id`,
    { id },
  );
  return rows.map((row) => openRow(deps, row));
}

/** One provider. Throws not_found. */
export async function loadProvider(deps: Deps, tx: Tx, id: string): Promise<Provider> {
  const [provider] = await findProviders(deps, tx, id);
  if (provider === undefined) {
    throw notFound('identity provider');
  }
  return provider;
}

type Body = RouteInput<'putIdentityProvider'>['body'];

/** Adds a provider. */
export function createProvider(deps: Deps, person: Person, body: Body): Promise<Provider> {
  return deps.db.asSystem(async (tx) => {
    const id = newId();
    await write(deps, tx, person, { id, before: null, body });
    return loadProvider(deps, tx, id);
  });
}

/** Changes a provider. Throws conflict when enforcing would lock everybody out. */
export function putProvider(deps: Deps, person: Person, id: string, body: Body, checkMatch: (version: string) => void): Promise<Provider> {
  return deps.db.asSystem(async (tx) => {
    await deps.db.rows(tx, 'SELECT 1 FROM identity_providers WHERE id = :id FOR UPDATE', { id });
    const before = await loadProvider(deps, tx, id);
    checkMatch(before.version);
    await write(deps, tx, person, { id, before, body });
    return loadProvider(deps, tx, id);
  });
}

async function write(
  deps: Deps,
  tx: Tx,
  person: Person,
  { id, before, body }: { id: string; before: Provider | null; body: Body },
): Promise<void> {
  const { db, clock, sealer, env } = deps;
  const issuer = new URL(body.issuer);
  if (issuer.protocol === 'http:' && env.CARMIC_MODE === 'production') {
    throw invalidInput('The issuer must begin with https://: over http:// anybody on the way could answer for it.');
  }
  if (body.isEnabled && body.domains.length === 0) {
    throw invalidInput('Name at least one email domain that belongs to this provider before you switch it on.');
  }
  if (body.isEnforced && !body.isEnabled) {
    throw invalidInput('A provider that is switched off cannot be enforced.');
  }
  await requireWorkspaces(deps, tx, body);
  if (body.isEnforced) {
    await requireBreakGlass(deps, tx);
  }
  const settings = settingsSchema.parse({
    ...body,
    clientSecret: body.clientSecret === undefined ? (before?.clientSecret ?? null) : body.clientSecret,
  });
  const now = clock.now();
  await db.change(
    tx,
    `INSERT INTO identity_providers (id, settings_sealed, domains, is_enabled, is_enforced, is_second_factor_trusted, created_at, updated_at)
     VALUES (:id, :settings, CAST(:domains AS jsonb), :isEnabled, :isEnforced, :isSecondFactorTrusted, :now, :now)
     ON CONFLICT (id) DO UPDATE SET settings_sealed = excluded.settings_sealed, domains = excluded.domains, is_enabled = excluded.is_enabled,
       is_enforced = excluded.is_enforced, is_second_factor_trusted = excluded.is_second_factor_trusted, updated_at = excluded.updated_at`,
    {
      id,
      settings: sealer.seal(settingsContext(id), JSON.stringify(settings)),
      domains: JSON.stringify(settings.domains),
      isEnabled: settings.isEnabled,
      isEnforced: settings.isEnforced,
      isSecondFactorTrusted: settings.isSecondFactorTrusted,
      now,
    },
  );
  if (!settings.isEnabled) {
    await db.change(tx, 'DELETE FROM sessions WHERE provider_id = :id', { id });
  }
  if (settings.isEnforced) {
    await endOtherSessionsOf(deps, tx, person, settings.domains);
  }
  await deps.appendEvent(tx, {
    workspaceId: null,
    type: 'settings.updated',
    subjectId: id,
    actorId: person.userId,
    data: { setting: 'identity_provider', isEnabled: settings.isEnabled, isEnforced: settings.isEnforced },
  });
}

async function requireWorkspaces(deps: Deps, tx: Tx, { mappings }: Body): Promise<void> {
  const wanted = [...new Set(mappings.map(({ workspaceId }) => workspaceId))];
  if (wanted.length === 0) {
    return;
  }
  const found = await deps.db.rows(tx, 'SELECT id FROM workspaces WHERE id IN (:wanted) AND deleted_at IS NULL', { wanted });
  if (found.length < wanted.length) {
    throw invalidInput('A mapping names a workspace that is not there.');
  }
}

/** Enforcing without a way around it would shut everybody out on the day the provider fails. */
async function requireBreakGlass(deps: Deps, tx: Tx): Promise<void> {
  const found = await deps.db.rows(
    tx,
    'SELECT 1 FROM users WHERE is_admin AND is_break_glass AND password_hash IS NOT NULL AND suspended_at IS NULL LIMIT 1',
  );
  if (found.length === 0) {
    throw conflict('Name a break-glass administrator with a password first (page People): they can sign in when the provider is away.');
  }
}

/** Who came in by another door before it was shut signs in anew. */
async function endOtherSessionsOf(deps: Deps, tx: Tx, person: Person, domains: readonly string[]): Promise<void> {
  await deps.db.change(
    tx,
    `DELETE FROM sessions s USING users u WHERE u.id = s.user_id AND s.provider_id IS NULL AND NOT u.is_break_glass AND s.id <> :keep
       AND lower(split_part(u.email, '@', 2)) IN (:domains)`,
    { domains, keep: person.sessionId },
  );
}

/** Removes a provider: its sessions end, memberships and accounts stay. */
export async function deleteProvider(deps: Deps, person: Person, id: string): Promise<void> {
  await deps.db.asSystem(async (tx) => {
    await loadProvider(deps, tx, id);
    await deps.db.change(tx, 'DELETE FROM identity_providers WHERE id = :id', { id });
    await deps.appendEvent(tx, {
      workspaceId: null,
      type: 'settings.updated',
      subjectId: id,
      actorId: person.userId,
      data: { setting: 'identity_provider', isDeleted: true },
    });
  });
}

/** Gives the directory a new token, or shuts it out. */
export function setDirectoryToken(deps: Deps, person: Person, id: string, isWanted: boolean): Promise<string | null> {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    await loadProvider(deps, tx, id);
    const token = isWanted ? newSecret(directoryPrefix) : null;
    await db.change(tx, 'UPDATE identity_providers SET directory_token_hash = :hash, updated_at = :now WHERE id = :id', {
      id,
      hash: token === null ? null : hashSecret(token),
      now: clock.now(),
    });
    await deps.appendEvent(tx, {
      workspaceId: null,
      type: 'settings.updated',
      subjectId: id,
      actorId: person.userId,
      data: { setting: 'directory_token', isSet: isWanted },
    });
    return token;
  });
}

/** Keeps what a trial brought back. */
export async function keepTrial(deps: Deps, tx: Tx, id: string, trial: SignOnTrial): Promise<void> {
  await deps.db.change(tx, 'UPDATE identity_providers SET trial_sealed = :sealed WHERE id = :id', {
    id,
    sealed: deps.sealer.seal(trialContext(id), JSON.stringify(trial)),
  });
}

/** The domain of an email address. */
export const domainOf = (email: string): string => email.split('@').at(-1)?.toLowerCase() ?? '';

/** The provider that people with this address have to use; null when they may come in by any door. */
export async function findEnforced(deps: Deps, tx: Tx, email: string): Promise<Provider | null> {
  const [row] = await deps.db.rows<ProviderRow>(
    tx,
    'SELECT * FROM identity_providers WHERE is_enabled AND is_enforced AND domains @> CAST(:domain AS jsonb) ORDER BY created_at LIMIT 1',
    { domain: JSON.stringify([domainOf(email)]) },
  );
  return row === undefined ? null : openRow(deps, row);
}
