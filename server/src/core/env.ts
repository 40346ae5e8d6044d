import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isRange } from './addresses.ts';
import { billingEnv, billingSecretNames } from './billingEnv.ts';
import { StartError } from './errors.ts';
import { keyEnv } from './keyEnv.ts';
import { mailEnv, mailSecretNames } from './mailEnv.ts';
import { operatorEnv, operatorSecretNames } from './operatorEnv.ts';
import { operateEnv, operateSecretNames } from './operateEnv.ts';
import { provisionEnv, provisionSecretNames } from './provisionEnv.ts';
import { storageEnv, storageSecretNames } from './storageEnv.ts';

const seconds = (fallback: number) => z.coerce.number().positive().default(fallback);
const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);

const hosts = z
  .string()
  .default('')
  .transform((text) =>
    text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((part) => part !== ''),
  );

const engines = z
  .string()
  .regex(/^(none|[a-z-]+(\s*,\s*[a-z-]+)*)$/)
  .optional();

/** `deepgram=0.26/hour, language-model=2/million`: what an hour of sound or a million characters costs at an engine. */
const enginePrices = z
  .string()
  .regex(
    /^[a-z-]+=\d+(\.\d+)?\/(hour|million)(\s*,\s*[a-z-]+=\d+(\.\d+)?\/(hour|million))*$/,
    'write `engine=price/hour` or `engine=price/million`, separated by commas, for example `deepgram=0.26/hour, language-model=2/million`',
  )
  .optional();

/** Every environment variable the server reads. */
export const envSchema = z.object({
  CARMIC_MODE: z.enum(['production', 'development', 'test']).default('production').describe('`production` refuses test seams'),
  CARMIC_DATABASE_URL: z.string().min(1).describe('PostgreSQL URL of the application role (owns nothing, cannot bypass row security)'),
  CARMIC_MIGRATION_DATABASE_URL: z
    .string()
    .min(1)
    .optional()
    .describe('PostgreSQL URL of the owner role, direct; needed by the migrate process'),
  CARMIC_SUPERUSER_DATABASE_URL: z
    .string()
    .min(1)
    .optional()
    .describe('PostgreSQL URL of a superuser, direct; with it the migrate process makes the two roles and the database of the other URLs'),
  CARMIC_DATABASE_POOL: count(10).describe('Connections to PostgreSQL'),
  CARMIC_DATA_DIR: z.string().min(1).describe('Directory of the disk storage driver; objects go to <dir>/objects'),
  CARMIC_MIN_FREE_BYTES: z.coerce.number().int().nonnegative().default(1_073_741_824).describe('Free disk space that uploads must leave'),
  ...storageEnv,
  ...keyEnv,
  ...operateEnv,
  ...provisionEnv,
  ...billingEnv,
  CARMIC_HOST: z.string().default('127.0.0.1').describe('Address to listen on'),
  CARMIC_PORT: z.coerce.number().int().min(0).max(65535).default(7070).describe('Port to listen on; 0 takes a free one'),
  CARMIC_OPERATIONS_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .optional()
    .describe('Port for /livez, /readyz and /metrics; none without it, 0 takes a free one'),
  CARMIC_OPERATIONS_HOST: z.string().default('127.0.0.1').describe('Address to listen on for those; keep it on an inside network'),
  CARMIC_BASE_URL: z.url().optional().describe('Address people and agents use, when it is not http://HOST:PORT'),
  CARMIC_CONSOLE_DIR: z.string().optional().describe('Directory of the built console'),
  CARMIC_INSTANCE_NAME: z.string().max(60).default('Carmic').describe('Name shown in the console'),
  CARMIC_DEEPGRAM_KEY: z.string().min(1).optional().describe('Deepgram API key; without it Deepgram is never called'),
  CARMIC_DEEPGRAM_URL: z.url().default('https://api.deepgram.com').describe('Deepgram cloud, EU or self-hosted'),
  CARMIC_CDN: z
    .enum(['none', 'cloudflare', 'fastly', 'bunny'])
    .default('none')
    .describe('Content network in front of the storage, for purging'),
  CARMIC_CDN_URL: z.url().optional().describe('Address under which the content network serves a stored object: <url>/<key>'),
  CARMIC_CDN_TOKEN: z.string().min(1).optional().describe('API token of the content network, for purging only'),
  CARMIC_CDN_ZONE: z.string().min(1).optional().describe('Zone id, for Cloudflare'),
  CARMIC_CDN_PLAN: z
    .enum(['free', 'pro', 'business', 'enterprise'])
    .default('free')
    .describe('Plan at Cloudflare, which decides how fast may be purged'),
  CARMIC_CDN_API_URL: z.url().optional().describe('API of the content network; its public one by default'),
  CARMIC_LIBRETRANSLATE_URL: z.url().optional().describe('LibreTranslate server; without it none is called'),
  CARMIC_LIBRETRANSLATE_KEY: z.string().min(1).optional().describe('Its API key, where it wants one'),
  CARMIC_LLM_URL: z
    .url()
    .optional()
    .describe('OpenAI-compatible endpoint up to its version, for example http://127.0.0.1:11434/v1; without it none is called'),
  CARMIC_LLM_MODEL: z.string().min(1).optional().describe('Model to ask there'),
  CARMIC_LLM_KEY: z.string().min(1).optional().describe('Its API key, where it wants one'),
  CARMIC_LLM_TIMEOUT_SECONDS: seconds(120).describe('Longest wait for one answer of a language model or translator'),
  CARMIC_LLM_CLIPS: z
    .enum(['on', 'off'])
    .default('off')
    .describe('`on` sends what suggested clips say to the language model, which orders and names them'),
  CARMIC_MODERATION_URL: z
    .url()
    .optional()
    .describe('Endpoint that judges what is said, as OpenAI’s moderation does, up to its version; without it none is called'),
  CARMIC_MODERATION_MODEL: z.string().min(1).optional().describe('Model to ask there; the endpoint’s own choice without it'),
  CARMIC_MODERATION_KEY: z.string().min(1).optional().describe('Its API key, where it wants one'),
  CARMIC_LANGUAGE_ENGINES: engines.describe('Order of `language-model`, `built-in` for titles and order of clips. Wins over the console'),
  CARMIC_ENGINE_PRICES: enginePrices.describe(
    'What engines cost, shown beside their use: `deepgram=0.26/hour, language-model=2/million` (hours of sound, millions of characters)',
  ),
  CARMIC_ENGINE_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, 'is a code of three letters (ISO 4217), such as EUR')
    .default('EUR')
    .describe('Currency of those prices'),
  CARMIC_SAFETY_ENGINES: engines.describe('Order of `moderation`, `built-in`; `none` judges no text. Wins over the console'),
  CARMIC_TRANSCRIPTION_ENGINES: engines.describe('Order of `deepgram`, `local`; `none` switches off. Wins over the console'),
  CARMIC_TRANSLATION_ENGINES: engines.describe('Order of `libretranslate`, `language-model`; `none` switches off. Wins over the console'),
  ...mailEnv,
  ...operatorEnv,
  CARMIC_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))
    .refine((ranges) => ranges.every(isRange), 'must be a list of addresses or CIDR ranges')
    .describe('Addresses or ranges of proxies whose X-Forwarded-For is believed; none by default'),
  CARMIC_OUTGOING_HOSTS: hosts.describe('Hosts that customers’ webhooks may call, or * for every public one; none by default'),
  CARMIC_IMPORT_HOSTS: hosts.describe(
    'Hosts that videos may be imported from by their address, or * for every public one; none by default',
  ),
  CARMIC_OUTGOING_PRIVATE_RANGES: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))
    .refine((ranges) => ranges.every(isRange), 'must be a list of addresses or CIDR ranges')
    .describe('Private ranges that webhooks and imports may call all the same; none by default'),
  CARMIC_AUDIT_HEADS_DIR: z.string().min(1).optional().describe('Directory for the signed heads of the audit log; best on another machine'),
  CARMIC_SECURITY_CONTACT: z
    .string()
    .regex(/^(mailto:|https:|tel:)./, 'must begin with mailto:, https: or tel:')
    .default('mailto:security@localhost')
    .describe('Where weaknesses are reported, for /.well-known/security.txt'),
  CARMIC_RATE_LIMIT_PER_MINUTE: count(3000).describe(
    'Calls of the API that one account, or one address that is not signed in, may make in a minute',
  ),
  CARMIC_CLIENT_HEADERS_SECONDS: seconds(20).describe('A client whose headers are not there after this is cut off'),
  CARMIC_CLIENT_BODY_SECONDS: seconds(30).describe('The same for the body of a call of the API; parts of uploads have limits of their own'),
  CARMIC_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least severe level that is logged'),
  CARMIC_LOG_FILE: z.string().optional().describe('Log file; standard error by default'),
  CARMIC_MAX_UPLOAD_BYTES: count(20_000_000_000).describe('Largest upload'),
  CARMIC_MAX_DURATION_SECONDS: count(6 * 3600).describe('Longest video'),
  CARMIC_MAX_FRAME_PIXELS: count(7680 * 4320).describe('Largest frame, width times height'),
  CARMIC_LEASE_SECONDS: seconds(30).describe('How long an agent holds a task without renewing'),
  CARMIC_RENEW_SECONDS: seconds(1.5).describe('How often an agent renews and learns of a cancellation'),
  CARMIC_POLL_SECONDS: seconds(20).describe('Longest wait of one request for work'),
  CARMIC_QUEUE_TIMEOUT_SECONDS: seconds(24 * 3600).describe('A task nobody took for this long ends as failed'),
  CARMIC_STALL_SECONDS: seconds(15 * 60).describe('A stage without live work for this long is nudged, then ends as failed'),
  CARMIC_UPLOAD_EXPIRY_SECONDS: seconds(24 * 3600).describe('An unfinished upload ends after this'),
  CARMIC_JOURNAL_DAYS: z.coerce
    .number()
    .int()
    .min(30)
    .default(400)
    .describe('How long deletions are remembered outside the database: longer than any backup of it that may be put back'),
  CARMIC_ERASURE_CLAIM_SECONDS: seconds(30).describe('A worker that dies during a deletion is replaced after this'),
  CARMIC_WATCHDOG_SECONDS: seconds(10).describe('How often the watchdog looks for expired leases and stalled work'),
  CARMIC_CLOCK_OFFSET_MS: z.coerce.number().int().default(0).describe('Shifts the clock; refused in production mode'),
});
export type Env = z.infer<typeof envSchema>;

/** Settings that are never shown; each may come from the file that NAME_FILE names. */
export const secretNames: readonly (keyof Env)[] = [
  'CARMIC_DATABASE_URL',
  'CARMIC_MIGRATION_DATABASE_URL',
  'CARMIC_SUPERUSER_DATABASE_URL',
  'CARMIC_DEEPGRAM_KEY',
  'CARMIC_CDN_TOKEN',
  'CARMIC_LIBRETRANSLATE_KEY',
  'CARMIC_LLM_KEY',
  'CARMIC_MODERATION_KEY',
  ...mailSecretNames,
  ...operatorSecretNames,
  ...billingSecretNames,
  ...storageSecretNames,
  ...operateSecretNames,
  ...provisionSecretNames,
];

const sources = new WeakMap<Env, ReadonlyMap<string, 'environment' | 'file'>>();

/** Where the values of an environment came from that `readEnv` has read; what is not in it has its default. */
export const sourcesOf = (env: Env): ReadonlyMap<string, 'environment' | 'file'> => sources.get(env) ?? new Map();

/** Parses the environment; each secret `FOO` may come from the file named by `FOO_FILE`. Throws StartError with every mistake. */
export function readEnv(source: Record<string, string | undefined>): Env {
  const values: Record<string, string | undefined> = {};
  const cameFrom = new Map<string, 'environment' | 'file'>();
  for (const [name, value] of Object.entries(source)) {
    if (name.startsWith('CARMIC_') && value !== undefined && value !== '') {
      values[name] = value;
      cameFrom.set(name, 'environment');
    }
  }
  for (const name of secretNames) {
    const path = values[`${name}_FILE`];
    if (path !== undefined) {
      values[name] = readSecretFile(`${name}_FILE`, path);
      cameFrom.set(name, 'file');
    }
  }
  const parsed = envSchema.safeParse(values);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new StartError(`The environment is not usable:\n${lines.join('\n')}`);
  }
  if (parsed.data.CARMIC_MODE === 'production' && parsed.data.CARMIC_CLOCK_OFFSET_MS !== 0) {
    throw new StartError('CARMIC_CLOCK_OFFSET_MS is a test seam and is refused in production mode: remove it.');
  }
  if (parsed.data.CARMIC_MODE === 'production') {
    refusePlaceholders(values);
  }
  sources.set(parsed.data, cameFrom);
  return parsed.data;
}

/** Values that stand in examples. */
const placeholder =
  /^(<.*>|\{\{.*\}\}|\$\{.*\}|(please[-_ ]?)?change[-_ ]?(me|this|it)|(my|your)[-_ ].*|.*[-_ ]?(placeholder|replace[-_ ]?me).*|example|secret|password|passw0rd|postgres|admin|test|todo|x{3,}|\*{3,})$/i;

/** Throws when a secret is still what an example said; in production only, where somebody could guess it from outside. */
function refusePlaceholders(values: Readonly<Record<string, string | undefined>>): void {
  const found = secretNames.filter((name) => {
    const value = values[name];
    return value !== undefined && secretOf(value).some((each) => placeholder.test(each));
  });
  if (found.length > 0) {
    throw new StartError(
      `${found.join(', ')} still ${found.length === 1 ? 'holds' : 'hold'} a placeholder: put the real secret there, or into a file named by ${found[0] ?? ''}_FILE.`,
    );
  }
}

/** The secret itself; of an address the password in it. */
function secretOf(value: string): string[] {
  if (!URL.canParse(value) || !value.includes('://')) {
    return [value];
  }
  const { password } = new URL(value);
  return password === '' ? [] : [decodeURIComponent(password)];
}

function readSecretFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new StartError(`${name} names ${path}, which cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
