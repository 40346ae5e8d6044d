import type { Feature } from '@carmic/contract';
import type { Env } from '../../core/env.ts';
import type { Deps } from '../../deps.ts';

interface Row {
  agents: number;
  graphics: number;
  speech: number;
  providers: number;
  sign_up: string | null;
}

const online = `revoked_at IS NULL AND last_seen_at > CAST(:now AS timestamptz) - interval '60 seconds'`;

const factsSql = `SELECT
  (SELECT count(*)::integer FROM agents WHERE ${online}) AS agents,
  (SELECT count(*)::integer FROM agents a CROSS JOIN LATERAL jsonb_array_elements(a.capabilities->'encoders') e
    WHERE ${online} AND (e->>'works')::boolean AND e->>'name' NOT LIKE 'lib%') AS graphics,
  (SELECT count(*)::integer FROM agents WHERE ${online} AND jsonb_array_length(capabilities->'transcriptionModels') > 0) AS speech,
  (SELECT count(*)::integer FROM identity_providers WHERE is_enabled) AS providers,
  (SELECT value->>'signUp' FROM instance_settings WHERE name = 'accounts') AS sign_up`;

/** What is switched on here, and which setting switches on what is not. */
export async function readFeatures(deps: Deps): Promise<Feature[]> {
  const { clock, db, egress, env } = deps;
  const [row] = await db.asSystem((tx) => db.rows<Row>(tx, factsSql, { now: clock.now().toISOString() }));
  if (row === undefined) {
    throw new Error('A SELECT without FROM has one row.');
  }
  const feature = (name: Feature['name'], isOn: boolean, ...settings: (keyof Env)[]): Feature => ({
    name,
    state: isOn ? 'on' : 'off',
    settings,
  });
  /** A third party is on when it is set up and the register does not refuse it. */
  const party = (name: Feature['name'], partyName: string, ...settings: (keyof Env)[]): Feature => {
    const isSetUp = egress.parties.some((each) => each.name === partyName);
    return { name, state: !isSetUp ? 'off' : egress.isOpen(partyName) ? 'on' : 'refused', settings };
  };
  return [
    feature('agents', row.agents > 0),
    feature('graphics_encoders', row.graphics > 0),
    feature('local_speech', row.speech > 0),
    party('deepgram', 'deepgram', 'CARMIC_DEEPGRAM_KEY'),
    party('translation', 'libretranslate', 'CARMIC_LIBRETRANSLATE_URL'),
    party('language_model', 'language-model', 'CARMIC_LLM_URL', 'CARMIC_LLM_MODEL'),
    party('moderation', 'moderation', 'CARMIC_MODERATION_URL'),
    feature('mail', env.CARMIC_SMTP_URL !== undefined, 'CARMIC_SMTP_URL', 'CARMIC_MAIL_FROM'),
    feature('sign_on', row.providers > 0),
    feature('sign_up', row.sign_up === 'open' || row.sign_up === 'domain'),
    party('billing', 'stripe', 'CARMIC_STRIPE_SECRET_KEY', 'CARMIC_STRIPE_WEBHOOK_SECRETS'),
    feature('content_network', env.CARMIC_CDN !== 'none', 'CARMIC_CDN', 'CARMIC_CDN_URL', 'CARMIC_CDN_TOKEN'),
    feature('bucket_storage', env.CARMIC_STORAGE === 's3', 'CARMIC_STORAGE', 'CARMIC_S3_BUCKET'),
    feature('key_service', env.CARMIC_KEY_PROVIDER === 'vault', 'CARMIC_KEY_PROVIDER', 'CARMIC_VAULT_URL'),
    feature('backups', env.CARMIC_BACKUP_TO !== undefined, 'CARMIC_BACKUP_TO'),
    feature('https', deps.baseUrl().startsWith('https:'), 'CARMIC_BASE_URL'),
    feature('webhooks', env.CARMIC_OUTGOING_HOSTS.length > 0, 'CARMIC_OUTGOING_HOSTS'),
    feature('url_import', env.CARMIC_IMPORT_HOSTS.length > 0, 'CARMIC_IMPORT_HOSTS'),
    feature('rented_machines', env.CARMIC_PROVISIONER !== 'none', 'CARMIC_PROVISIONER', 'CARMIC_HETZNER_TOKEN'),
    feature('error_reports', env.CARMIC_SENTRY_DSN !== undefined, 'CARMIC_SENTRY_DSN'),
    feature('metrics', env.CARMIC_OPERATIONS_PORT !== undefined, 'CARMIC_OPERATIONS_PORT'),
    feature('audit_heads', env.CARMIC_AUDIT_HEADS_DIR !== undefined, 'CARMIC_AUDIT_HEADS_DIR'),
  ];
}
