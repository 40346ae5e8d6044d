/** What owners and administrators look after: calls to a webhook, videos that expire soon, a provider of identities. */
import { Client } from 'pg';
import { newId } from '../../server/src/core/ids.ts';
import type { Caller, TestInstance } from '../support/instance.ts';

const hourMs = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * hourMs);

/** Fills their pages; to be called behind everything that changes the plan of the workspace. */
export async function seedAdmin(instance: TestInstance, admin: Caller): Promise<void> {
  const [webhook] = (await admin.call('listWebhooks')).items;
  const { items: videos } = await admin.call('listVideos', { query: { limit: 100, state: 'ready' } });
  const raw = new Client({ connectionString: instance.database.superuserUrl });
  await raw.connect();
  try {
    for (const [hours, type, state, attempts, status, error] of [
      [0.1, 'rendition.ready', 'pending', 2, 503, 'The address answered 503.'],
      [1, 'video.ready', 'delivered', 1, 204, null],
      [7, 'clips.suggested', 'delivered', 3, 200, null],
      [26, 'video.failed', 'failed', 12, null, 'No answer within 10 seconds.'],
      [50, 'webhook.test', 'delivered', 1, 204, null],
    ] as const) {
      await raw.query(
        `INSERT INTO webhook_deliveries (id, workspace_id, endpoint_id, event_id, type, payload, state, attempts, next_attempt_at,
           last_status, last_error, created_at, delivered_at) VALUES ($1, $2, $3, $4, $5, '{}', $6, $7, $8, $9, $10, $11, $12)`,
        [
          ...[newId(), admin.workspaceId, webhook?.id, newId(), type, state, attempts],
          state === 'pending' ? new Date(Date.now() + hourMs) : null,
          ...[status, error, ago(hours), state === 'delivered' ? ago(hours - 0.01) : null],
        ],
      );
    }
    for (const [index, { id }] of videos.entries()) {
      const expiresAt = new Date(Date.now() + (index < 2 ? 3 : 3 + index * 4) * 24 * hourMs);
      await raw.query('UPDATE videos SET expires_at = $2 WHERE id = $1', [id, expiresAt]);
    }
  } finally {
    await raw.end();
  }
  await admin.call('createIdentityProvider', {
    body: {
      name: 'Harbour identity',
      issuer: 'https://id.harbour.example/realms/media',
      clientId: 'carmic',
      scopes: 'openid email profile',
      groupsClaim: 'groups',
      domains: ['harbour.example'],
      administratorGroup: 'carmic-admins',
      isEnabled: false,
      isEnforced: false,
      createsAccounts: true,
      isEmailTrusted: false,
      isSecondFactorTrusted: true,
      mappings: [{ group: 'editors', workspaceId: admin.workspaceId, role: 'editor' }],
    },
  });
}
