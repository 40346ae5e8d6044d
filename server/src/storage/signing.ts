/**
 * Signed URLs of the disk driver: `/storage/v1/<key>?op=...&exp=...&sig=...`. The signature is an HMAC-SHA-256 over the operation, the key
 * and every parameter, so that nothing in a URL can be changed, added or left out. `k` names the version of its key; the first has none.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { equalBytes, firstColumnKey } from '../core/crypto.ts';
import { createRemember } from '../core/remember.ts';
import { requireContentType } from './contentType.ts';
import { keys } from './keys.ts';
import { createLinkKeys, longestUrlSeconds } from './linkKeys.ts';
import { StorageError } from './storageError.ts';

/** Where signed URLs start. */
export const storagePath = '/storage/v1/';

const wholeNumber = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/)
  .transform(Number);

const querySchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('get'), exp: wholeNumber, type: z.string(), name: z.string().optional() }),
  z.strictObject({ op: z.literal('put'), exp: wholeNumber, type: z.string(), max: wholeNumber, object: z.string() }),
  z.strictObject({ op: z.literal('part'), exp: wholeNumber, upload: z.string(), part: wholeNumber, sha256: z.string() }),
]);
type SignedQuery = z.infer<typeof querySchema>;

/** What the bearer of a URL may do. */
export type Grant =
  | { op: 'get'; key: string; contentType: string; downloadName: string | undefined }
  | { op: 'put'; key: string; contentType: string; maxBytes: number; objectId: string }
  | { op: 'part'; key: string; uploadId: string; partNumber: number; sha256: string };

/** Pages are asked for again and again, and the same URLs answer for a quarter of their time: some megabytes of them are kept. */
const mostRemembered = 5000;

/** Makes and reads signed URLs. */
export interface UrlSigner {
  /** The URL that grants this until `expiresInSeconds` from now. Throws invalid_key and invalid_content_type. */
  sign(grant: Grant, expiresInSeconds: number): string;
  /** What a request's URL grants. Throws bad_signature for everything altered, expired at and after the end. */
  read(method: string, path: string, query: string): Grant;
}

const methodsOf = { get: ['GET', 'HEAD'], put: ['PUT'], part: ['PUT'] } as const;

/** Builds the signer. `baseUrl` is asked each time, because the port may be known only after listening. */
export function createUrlSigner(options: Parameters<typeof createLinkKeys>[0] & { baseUrl: () => string }): UrlSigner {
  const linkKeys = createLinkKeys(options);
  const signatureOf = (secret: Uint8Array, key: string, query: URLSearchParams): Buffer => {
    const sorted = new URLSearchParams(query);
    sorted.sort();
    return createHmac('sha256', secret).update(`carmic-url-1\n${key}\n${sorted.toString()}`).digest();
  };
  const addressOf = (grant: Grant, expiresAt: number, { version, key: secret }: ReturnType<typeof linkKeys.writing>): string => {
    keys.parse(grant.key);
    if (grant.op !== 'part') {
      requireContentType(grant.contentType);
    }
    const query = new URLSearchParams(parametersOf(grant, expiresAt));
    if (version !== firstColumnKey) {
      query.set('k', String(version));
    }
    query.set('sig', signatureOf(secret, grant.key, query).toString('base64url'));
    return `${storagePath}${grant.key}?${query.toString()}`;
  };
  const remember = createRemember(mostRemembered);
  return {
    sign(grant, expiresInSeconds) {
      if (expiresInSeconds > longestUrlSeconds) {
        throw new Error('A URL that lives longer than its key would end early.');
      }
      const writing = linkKeys.writing();
      const expiresAt = expiryOf(grant.op, options.clock.now().getTime() / 1000, expiresInSeconds);
      const address =
        grant.op === 'get'
          ? remember(`${writing.version}\n${expiresAt}\n${grant.key}\n${grant.contentType}\n${JSON.stringify(grant.downloadName)}`, () =>
              addressOf(grant, expiresAt, writing),
            )
          : addressOf(grant, expiresAt, writing);
      return `${options.baseUrl().replace(/\/$/, '')}${address}`;
    },
    read(method, path, queryText) {
      const key = path.startsWith(storagePath) ? path.slice(storagePath.length) : '';
      const query = new URLSearchParams(queryText);
      const signature = Buffer.from(query.get('sig') ?? '', 'base64url');
      query.delete('sig');
      const secret = linkKeys.opening(versionOf(query));
      if (secret === undefined || !equalBytes(signature, signatureOf(secret, key, query))) {
        throw badSignature();
      }
      query.delete('k');
      const parsed = querySchema.safeParse(Object.fromEntries(query));
      if (!parsed.success || !methodsOf[parsed.data.op].some((allowed) => allowed === method)) {
        throw badSignature();
      }
      if (options.clock.now().getTime() >= parsed.data.exp * 1000) {
        throw new StorageError('expired', 'This link has expired: ask for a new one.');
      }
      keys.parse(key);
      return grantOf(key, parsed.data);
    },
  };
}

/** Which version a URL is signed under; one that is written otherwise than `sign` writes it is no version. */
function versionOf(query: URLSearchParams): number {
  const [text, ...more] = query.getAll('k');
  if (text === undefined) {
    return firstColumnKey;
  }
  return more.length === 0 && /^([2-9]|[1-9][0-9]{1,2})$/.test(text) ? Number(text) : 0;
}

/**
 * When a URL ends, in seconds since 1970. For reading, the end is cut to a grid of a quarter of the time asked for: the same question within
 * that time gets the same URL, and a page that asks again does not make its players load again.
 */
function expiryOf(op: Grant['op'], nowSeconds: number, expiresInSeconds: number): number {
  return op === 'get' ? viewExpiry(nowSeconds, expiresInSeconds) : Math.floor(nowSeconds + expiresInSeconds);
}

/** When a URL for reading ends that is asked for at this time. */
export function viewExpiry(nowSeconds: number, expiresInSeconds: number): number {
  const end = Math.floor(nowSeconds + expiresInSeconds);
  return end - (end % Math.max(1, Math.floor(expiresInSeconds / 4)));
}

function parametersOf(grant: Grant, expiresAt: number): Record<string, string> {
  const exp = String(expiresAt);
  switch (grant.op) {
    case 'get':
      return { op: 'get', exp, type: grant.contentType, ...(grant.downloadName === undefined ? {} : { name: grant.downloadName }) };
    case 'put':
      return { op: 'put', exp, type: grant.contentType, max: String(grant.maxBytes), object: grant.objectId };
    case 'part':
      return { op: 'part', exp, upload: grant.uploadId, part: String(grant.partNumber), sha256: grant.sha256 };
  }
}

function grantOf(key: string, query: SignedQuery): Grant {
  switch (query.op) {
    case 'get':
      return { op: 'get', key, contentType: query.type, downloadName: query.name };
    case 'put':
      return { op: 'put', key, contentType: query.type, maxBytes: query.max, objectId: query.object };
    case 'part':
      return { op: 'part', key, uploadId: query.upload, partNumber: query.part, sha256: query.sha256 };
  }
}

function badSignature(): StorageError {
  return new StorageError('bad_signature', 'This link is not valid: ask for a new one.');
}
