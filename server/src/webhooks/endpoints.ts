/** Webhooks of a workspace: where they go, with which secrets, and whether they are on. Address and secrets are sealed. */
import type { EventType, RouteInput, Webhook } from '@carmic/contract';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { addSeconds } from '../core/clock.ts';
import { invalidInput, notFound } from '../core/errors.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import { requireFeature } from '../accounts/planAllows.ts';
import type { Deps } from '../deps.ts';
import { EgressRefusedError } from '../egress/egress.ts';
import { checkPublicUrl } from '../egress/publicFetch.ts';
import type { Person } from '../http/request.ts';

const secretsSchema = z.array(z.object({ secret: z.string(), endsAt: z.iso.datetime().nullable() }));
type Secrets = z.infer<typeof secretsSchema>;

/** A row of `webhook_endpoints`. */
export interface EndpointRow {
  id: string;
  workspace_id: string;
  url_sealed: Buffer;
  secrets_sealed: Buffer;
  event_types: EventType[];
  is_enabled: boolean;
  disabled_reason: string | null;
  failing_since: Date | null;
  created_by: string | null;
  created_at: Date;
}

const urlContext = (id: string) => `webhook_endpoints.url:${id}`;
const secretsContext = (id: string) => `webhook_endpoints.secrets:${id}`;

/** Where an endpoint's calls go. */
export const urlOf = (deps: Deps, row: EndpointRow): string => deps.sealer.open(urlContext(row.id), row.url_sealed);

/** The secrets that sign now, newest first. */
export function secretsOf(deps: Deps, row: EndpointRow): string[] {
  return readSecrets(deps, row).map(({ secret }) => secret);
}

function readSecrets(deps: Deps, row: EndpointRow): Secrets {
  const now = deps.clock.now();
  const all = secretsSchema.parse(JSON.parse(deps.sealer.open(secretsContext(row.id), row.secrets_sealed)));
  return all.filter(({ endsAt }) => endsAt === null || new Date(endsAt) > now);
}

const sealSecrets = (deps: Deps, id: string, secrets: Secrets): Buffer => deps.sealer.seal(secretsContext(id), JSON.stringify(secrets));

/** An endpoint as its owner sees it. */
export function presentEndpoint(deps: Deps, row: EndpointRow): Webhook {
  return {
    id: row.id,
    url: urlOf(deps, row),
    eventTypes: row.event_types,
    isEnabled: row.is_enabled,
    disabledReason: row.disabled_reason,
    failingSince: row.failing_since?.toISOString() ?? null,
    secretCount: readSecrets(deps, row).length,
    createdAt: row.created_at.toISOString(),
    version: versionOf(urlOf(deps, row), row),
  };
}

/** Names a version of an endpoint, for conditional changes. */
function versionOf(url: string, row: EndpointRow): string {
  return createHash('sha256')
    .update(JSON.stringify([url, row.event_types, row.is_enabled]))
    .digest('base64url')
    .slice(0, 22);
}

/** The endpoint of this workspace. Throws not_found. */
export async function loadEndpoint(deps: Deps, tx: Tx, workspaceId: string, id: string): Promise<EndpointRow> {
  const [row] = await deps.db.rows<EndpointRow>(tx, 'SELECT * FROM webhook_endpoints WHERE id = :id AND workspace_id = :workspaceId', {
    id,
    workspaceId,
  });
  if (row === undefined) {
    throw notFound('webhook');
  }
  return row;
}

function requireCallable(deps: Deps, url: string): void {
  try {
    checkPublicUrl(url, deps.outgoing);
  } catch (error) {
    throw error instanceof EgressRefusedError ? invalidInput(error.message) : error;
  }
}

/** The endpoints of a workspace. */
export function listEndpoints(deps: Deps, person: Person): Promise<Webhook[]> {
  return deps.db.inWorkspace(person.workspaceId, async (tx) => {
    const rows = await deps.db.rows<EndpointRow>(
      tx,
      'SELECT * FROM webhook_endpoints WHERE workspace_id = :workspaceId ORDER BY created_at, id',
      { workspaceId: person.workspaceId },
    );
    return rows.map((row) => presentEndpoint(deps, row));
  });
}

/** Adds an endpoint. Throws invalid_input for an address that is not called from here. */
export function createEndpoint(deps: Deps, person: Person, body: RouteInput<'createWebhook'>['body']) {
  const { db, clock, sealer } = deps;
  requireCallable(deps, body.url);
  const id = newId();
  const secret = newSecret('carmic_webhook');
  return db.inWorkspace(person.workspaceId, async (tx) => {
    await requireFeature(deps, tx, person.workspaceId, 'webhooks');
    await db.change(
      tx,
      `INSERT INTO webhook_endpoints (id, workspace_id, url_sealed, secrets_sealed, event_types, created_by, created_at)
       VALUES (:id, :workspaceId, :url, :secrets, CAST(:eventTypes AS jsonb), :createdBy, :now)`,
      {
        id,
        workspaceId: person.workspaceId,
        url: sealer.seal(urlContext(id), body.url),
        secrets: sealSecrets(deps, id, [{ secret, endsAt: null }]),
        eventTypes: JSON.stringify(body.eventTypes),
        createdBy: person.userId,
        now: clock.now(),
      },
    );
    await deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'webhook.created', subjectId: id, actorId: person.userId });
    return { webhook: presentEndpoint(deps, await loadEndpoint(deps, tx, person.workspaceId, id)), secret };
  });
}

/** Changes an endpoint; switching it on forgets its failures. */
export function updateEndpoint(
  deps: Deps,
  person: Person,
  id: string,
  body: RouteInput<'updateWebhook'>['body'],
  checkMatch: (version: string) => void,
): Promise<Webhook> {
  const { db, sealer } = deps;
  return db.inWorkspace(person.workspaceId, async (tx) => {
    await db.rows(tx, 'SELECT 1 FROM webhook_endpoints WHERE id = :id FOR UPDATE', { id });
    const row = await loadEndpoint(deps, tx, person.workspaceId, id);
    if (body.url !== undefined) {
      requireCallable(deps, body.url);
    }
    checkMatch(versionOf(urlOf(deps, row), row));
    const isEnabled = body.isEnabled ?? row.is_enabled;
    await db.change(
      tx,
      `UPDATE webhook_endpoints SET url_sealed = :url, event_types = CAST(:eventTypes AS jsonb), is_enabled = :isEnabled,
         disabled_reason = CASE WHEN :isEnabled THEN NULL ELSE disabled_reason END,
         failing_since = CASE WHEN :isEnabled AND NOT is_enabled THEN NULL ELSE failing_since END
       WHERE id = :id`,
      {
        id,
        url: body.url === undefined ? row.url_sealed : sealer.seal(urlContext(id), body.url),
        eventTypes: JSON.stringify(body.eventTypes ?? row.event_types),
        isEnabled,
      },
    );
    await deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'webhook.updated', subjectId: id, actorId: person.userId });
    return presentEndpoint(deps, await loadEndpoint(deps, tx, person.workspaceId, id));
  });
}

/** Removes an endpoint with its log. */
export async function deleteEndpoint(deps: Deps, person: Person, id: string): Promise<void> {
  await deps.db.inWorkspace(person.workspaceId, async (tx) => {
    await loadEndpoint(deps, tx, person.workspaceId, id);
    await deps.db.change(tx, 'DELETE FROM webhook_endpoints WHERE id = :id', { id });
    await deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'webhook.deleted', subjectId: id, actorId: person.userId });
  });
}

/** Makes a new secret; the older ones sign on for the overlap. */
export function rotateSecret(deps: Deps, person: Person, id: string, overlapHours: number) {
  const { db, clock } = deps;
  return db.inWorkspace(person.workspaceId, async (tx) => {
    await db.rows(tx, 'SELECT 1 FROM webhook_endpoints WHERE id = :id FOR UPDATE', { id });
    const row = await loadEndpoint(deps, tx, person.workspaceId, id);
    const end = addSeconds(clock.now(), overlapHours * 3600);
    const secret = newSecret('carmic_webhook');
    const kept = overlapHours === 0 ? [] : readSecrets(deps, row).map((each) => ({ ...each, endsAt: each.endsAt ?? end.toISOString() }));
    await db.change(tx, 'UPDATE webhook_endpoints SET secrets_sealed = :secrets WHERE id = :id', {
      id,
      secrets: sealSecrets(deps, id, [{ secret, endsAt: null }, ...kept]),
    });
    await deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'webhook.updated', subjectId: id, actorId: person.userId });
    return { webhook: presentEndpoint(deps, await loadEndpoint(deps, tx, person.workspaceId, id)), secret };
  });
}
