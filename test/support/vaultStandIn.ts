/**
 * A small server that speaks the wire protocol of Vault's transit engine: encrypt, decrypt, rewrap, a key's versions, tokens, namespaces, and
 * the answers of a sealed or busy server (https://developer.hashicorp.com/vault/api-docs/secret/transit).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

export interface VaultStandIn {
  readonly url: string;
  readonly token: string;
  /** Every call: method and path. */
  readonly calls: string[];
  /** Makes a version, as `vault write -f transit/keys/carmic/rotate` does. */
  addVersion(): void;
  /** What `min_decryption_version` refuses to open. */
  minimumVersion: number;
  isSealed: boolean;
  /** The next answers, before anything else is looked at; `silence` never answers. */
  readonly nextAnswers: (number | 'silence')[];
  namespace: string | undefined;
  close(): Promise<void>;
}

const bodySchema = z.object({ plaintext: z.base64().optional(), ciphertext: z.string().optional() });

async function readBody(request: IncomingMessage): Promise<z.infer<typeof bodySchema>> {
  const text = Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8');
  return bodySchema.parse(text === '' ? {} : JSON.parse(text));
}

/** Starts a server with the key `carmic` in the engine mounted at `transit`. */
export async function startVault(): Promise<VaultStandIn> {
  const versions: Buffer[] = [randomBytes(32)];
  const vault = {
    token: `hvs.${randomBytes(12).toString('hex')}`,
    calls: [] as string[],
    minimumVersion: 1,
    isSealed: false,
    nextAnswers: [] as (number | 'silence')[],
    namespace: undefined as string | undefined,
    addVersion: () => void versions.push(randomBytes(32)),
  };
  const encrypt = (plain: Buffer): string => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', versions[versions.length - 1] ?? Buffer.alloc(32), nonce);
    const body = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return `vault:v${versions.length}:${body.toString('base64')}`;
  };
  /** The plain text, or the words with which Vault refuses. */
  const decrypt = (ciphertext: string): Buffer | string => {
    const [, number = '', text = ''] = /^vault:v(\d+):(.+)$/.exec(ciphertext) ?? [];
    const key = versions[Number(number) - 1];
    if (key === undefined || Number(number) < vault.minimumVersion) {
      return 'ciphertext or signature version is disallowed by policy (too old)';
    }
    const body = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, 12), { authTagLength: 16 });
    decipher.setAuthTag(body.subarray(body.length - 16));
    try {
      return Buffer.concat([decipher.update(body.subarray(12, body.length - 16)), decipher.final()]);
    } catch {
      return 'cipher: message authentication failed';
    }
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reply = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const refuse = (status: number, ...errors: string[]) => reply(status, { errors });
    const path = request.url ?? '';
    vault.calls.push(`${request.method} ${path}`);
    const body = await readBody(request);
    const next = vault.nextAnswers.shift();
    if (next === 'silence') {
      return;
    }
    if (next !== undefined) {
      return refuse(next, 'asked for by the test');
    }
    if (vault.isSealed) {
      return refuse(503, 'Vault is sealed');
    }
    if (request.headers['x-vault-token'] !== vault.token || request.headers['x-vault-namespace'] !== vault.namespace) {
      return refuse(403, 'permission denied');
    }
    switch (`${request.method} ${path}`) {
      case 'GET /v1/transit/keys/carmic':
        return reply(200, { data: { name: 'carmic', type: 'aes256-gcm96', latest_version: versions.length } });
      case 'POST /v1/transit/keys/carmic/rotate':
        vault.addVersion();
        return reply(200, { data: { latest_version: versions.length } });
      case 'POST /v1/transit/encrypt/carmic':
        return reply(200, { data: { ciphertext: encrypt(Buffer.from(body.plaintext ?? '', 'base64')) } });
      case 'POST /v1/transit/decrypt/carmic':
      case 'POST /v1/transit/rewrap/carmic': {
        const plain = decrypt(body.ciphertext ?? '');
        if (typeof plain === 'string') {
          return refuse(400, plain);
        }
        return reply(200, { data: path.includes('rewrap') ? { ciphertext: encrypt(plain) } : { plaintext: plain.toString('base64') } });
      }
      default:
        return refuse(404);
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(vault, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
