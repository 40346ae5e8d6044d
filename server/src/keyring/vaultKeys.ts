/**
 * Root keys in the transit engine of HashiCorp Vault or OpenBao: the root key never leaves it. Speaks its HTTP API
 * (https://developer.hashicorp.com/vault/api-docs/secret/transit): encrypt, decrypt, rewrap, and the key's versions.
 */
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { type KeyEnvelope, KeyError, type KeyProvider } from './keyProvider.ts';

export interface VaultOptions {
  /** The way out, bound to the server's address. */
  fetch: typeof globalThis.fetch;
  url: string;
  /** Where the transit engine is mounted, and the name of the key in it. */
  mount: string;
  key: string;
  namespace?: string | undefined;
  /** Asked before every call: Vault's agent renews the file it comes from. */
  token: () => string;
  timeoutMs: number;
}

/** A key of the transit engine. */
export interface VaultKeys extends KeyProvider {
  /** Makes a new version of the root key, where the token may. */
  addVersion(): Promise<void>;
}

const attempts = 3;
const waitMs = 250;
const maxReplyBytes = 1024 * 1024;

const cipherSchema = z.object({ data: z.object({ ciphertext: z.string().regex(/^vault:v\d+:/) }) });
const plainSchema = z.object({ data: z.object({ plaintext: z.base64() }) });
const keySchema = z.object({ data: z.object({ latest_version: z.number().int().positive() }) });
const errorsSchema = z.object({ errors: z.array(z.string()) });

/** Opens a key of the transit engine; nothing is sent before the first use. */
export function createVaultKeys(options: VaultOptions): VaultKeys {
  const { key, mount } = options;
  const named = `vault:${mount}/${key}`;
  const envelopeOf = (ciphertext: string): KeyEnvelope => ({ keyId: `${named}:${ciphertext.split(':')[1] ?? ''}`, wrapped: ciphertext });
  const operate = <T>(operation: 'encrypt' | 'decrypt' | 'rewrap', body: object, schema: z.ZodType<T>) =>
    call(options, 'POST', `${mount}/${operation}/${key}`, body, schema);
  return {
    kind: 'vault',
    async currentKeyId() {
      const { data } = await call(options, 'GET', `${mount}/keys/${key}`, undefined, keySchema);
      return `${named}:v${data.latest_version}`;
    },
    async wrap(plain) {
      return envelopeOf((await operate('encrypt', { plaintext: Buffer.from(plain).toString('base64') }, cipherSchema)).data.ciphertext);
    },
    async unwrap({ keyId, wrapped }) {
      if (!keyId.startsWith(`${named}:`)) {
        throw new KeyError('unknown_key', `This was wrapped under ${keyId}, and the configured key is ${named}.`);
      }
      return Buffer.from((await operate('decrypt', { ciphertext: wrapped }, plainSchema)).data.plaintext, 'base64');
    },
    async rewrap({ wrapped }) {
      return envelopeOf((await operate('rewrap', { ciphertext: wrapped }, cipherSchema)).data.ciphertext);
    },
    async addVersion() {
      await call(options, 'POST', `${mount}/keys/${key}/rotate`, {}, z.unknown());
    },
  };
}

/** Sends one call, again after failures that may pass. */
async function call<T>(options: VaultOptions, method: string, path: string, body: object | undefined, schema: z.ZodType<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await callOnce(options, method, path, body, schema);
    } catch (error) {
      if (!(error instanceof KeyError) || error.code !== 'unavailable' || attempt >= attempts) {
        throw error;
      }
      await setTimeout(waitMs * 2 ** (attempt - 1));
    }
  }
}

async function callOnce<T>(
  options: VaultOptions,
  method: string,
  path: string,
  body: object | undefined,
  schema: z.ZodType<T>,
): Promise<T> {
  const { namespace, timeoutMs, url } = options;
  let status: number;
  let text: string;
  try {
    const reply = await options.fetch(`${url.replace(/\/$/, '')}/v1/${path}`, {
      method,
      headers: {
        'x-vault-token': options.token(),
        'x-vault-request': 'true',
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    status = reply.status;
    text = await readReply(reply);
  } catch (error) {
    if (error instanceof KeyError) {
      throw error;
    }
    throw new KeyError('unavailable', `Vault at ${url} does not answer: ${error instanceof Error ? error.message : String(error)}.`, error);
  }
  if (status < 200 || status > 299) {
    throw describeFailure(options, status, text);
  }
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new KeyError('unavailable', `Vault at ${url} answered something that is not its transit engine’s answer.`);
  }
  return parsed.data;
}

async function readReply(reply: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of reply.body ?? []) {
    length += piece.length;
    if (length > maxReplyBytes) {
      throw new Error('the answer is too long');
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return null;
  }
}

/** Vault answers 400 for what it cannot open, 403 for a token without the right, 404 for no such key, 503 while it is sealed. */
function describeFailure({ key, mount, url }: VaultOptions, status: number, text: string): KeyError {
  const parsed = errorsSchema.safeParse(parseJson(text));
  const reason = parsed.success ? parsed.data.errors.join('; ').slice(0, 300) : '';
  const said = reason === '' ? '' : ` It says: ${reason}`;
  switch (status) {
    case 400:
      return /version|min_decryption/i.test(reason)
        ? new KeyError(
            'unknown_key',
            `Vault no longer opens this version of the key ${mount}/${key}: lower its min_decryption_version.${said}`,
          )
        : new KeyError('damaged', `Vault cannot open a key that ${mount}/${key} is said to have wrapped.${said}`);
    case 403:
      return new KeyError(
        'refused',
        `Vault at ${url} refuses the token: renew it, and let its policy update ${mount}/encrypt/${key}, ${mount}/decrypt/${key} and ${mount}/rewrap/${key} and read ${mount}/keys/${key}.${said}`,
      );
    case 404:
      return new KeyError(
        'unknown_key',
        `Vault at ${url} has no key ${mount}/${key}. Make it with: vault write -f ${mount}/keys/${key}.${said}`,
      );
    case 503:
      return new KeyError('unavailable', `Vault at ${url} is sealed or in standby: unseal it.${said}`);
    default:
      return new KeyError('unavailable', `Vault at ${url} answered with ${status}.${said}`);
  }
}
