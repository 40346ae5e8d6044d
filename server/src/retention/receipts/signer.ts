/**
 * Signing of receipts with Ed25519 (RFC 8032). The key is derived from the root key, so that nothing has to be kept beside it; every public
 * key that ever signed stays published, so that old receipts are verified after a change of the root key too.
 */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { type CanonicalValue, canonicalJson } from '../../core/canonicalJson.ts';
import { deriveKey } from '../../core/crypto.ts';
import type { Database } from '../../db/database.ts';

/** What `format` says in a signed receipt. */
export const receiptFormat = 'carmic-erasure-receipt/1';

/** A receipt as it is stored and handed out. The signature is over the canonical JSON of `body`, in UTF-8. */
export interface SignedReceipt {
  format: typeof receiptFormat;
  keyId: string;
  /** Raw Ed25519 public key, base64url. */
  publicKey: string;
  /** Base64url. */
  signature: string;
  body: { readonly [name: string]: CanonicalValue };
}

export interface ReceiptSigner {
  readonly keyId: string;
  readonly publicKey: string;
  sign(body: SignedReceipt['body']): SignedReceipt;
}

/** DER of a PKCS #8 Ed25519 private key up to its 32 bytes (RFC 8410). */
const pkcs8Start = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The id of a public key: the start of its SHA-256. */
export function receiptKeyId(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex').slice(0, 16);
}

/** Builds the signer of this installation. */
export function createReceiptSigner(rootKey: Uint8Array): ReceiptSigner {
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8Start, deriveKey(rootKey, 'receipts')]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
  const keyId = receiptKeyId(publicKey);
  return {
    keyId,
    publicKey,
    sign: (body) => ({
      format: receiptFormat,
      keyId,
      publicKey,
      signature: sign(null, Buffer.from(canonicalJson(body)), privateKey).toString('base64url'),
      body,
    }),
  };
}

const settingName = 'receipt_keys';

/** Adds this installation's public key to those that are published. */
export function publishReceiptKey(db: Database, signer: ReceiptSigner): Promise<void> {
  return db.asSystem(async (tx) => {
    await db.change(
      tx,
      `INSERT INTO instance_settings (name, value) VALUES (:settingName, jsonb_build_array(CAST(:key AS text)))
       ON CONFLICT (name) DO UPDATE SET value = instance_settings.value || EXCLUDED.value
       WHERE NOT instance_settings.value @> EXCLUDED.value`,
      { settingName, key: signer.publicKey },
    );
  });
}

/** The public keys whose receipts are ours, as JSON Web Keys (RFC 8037). */
export async function listReceiptKeys(db: Database) {
  const [row] = await db.asSystem((tx) =>
    db.rows<{ value: string[] }>(tx, 'SELECT value FROM instance_settings WHERE name = :settingName', { settingName }),
  );
  return (row?.value ?? []).map((x) => ({
    kty: 'OKP' as const,
    crv: 'Ed25519' as const,
    use: 'sig' as const,
    kid: receiptKeyId(x),
    x,
  }));
}
