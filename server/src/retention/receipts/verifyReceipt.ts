import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { type CanonicalValue, canonicalJson } from '../../core/canonicalJson.ts';
import { receiptFormat, receiptKeyId } from './signer.ts';

const receiptSchema = z.object({
  format: z.literal(receiptFormat),
  keyId: z.string(),
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
  body: z.record(z.string(), z.json()),
});
const keySetSchema = z.object({ keys: z.array(z.object({ crv: z.literal('Ed25519'), x: z.string() })) });

/** What a check of a receipt found. */
export interface Verdict {
  isValid: boolean;
  /** Whether the key is among those that were given as the installation's; null when none were given. */
  isKnownKey: boolean | null;
  keyId: string;
  reason: string;
  body: { readonly [name: string]: CanonicalValue };
}

/** Checks a receipt's signature, and its key against a published key set when one is given. Throws for what is no receipt at all. */
export function verifyReceipt(text: string, keySetText: string | null): Verdict {
  const receipt = receiptSchema.parse(JSON.parse(text));
  const body = receipt.body as Verdict['body'];
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: receipt.publicKey }, format: 'jwk' });
  const isSigned = verify(null, Buffer.from(canonicalJson(body)), key, Buffer.from(receipt.signature, 'base64url'));
  const isKnownKey = keySetText === null ? null : keySetSchema.parse(JSON.parse(keySetText)).keys.some(({ x }) => x === receipt.publicKey);
  const keyId = receiptKeyId(receipt.publicKey);
  const isOwnId = keyId === receipt.keyId;
  return {
    isValid: isSigned && isOwnId && isKnownKey !== false,
    isKnownKey,
    keyId,
    reason: !isSigned
      ? 'The signature does not fit: the receipt was altered.'
      : !isOwnId
        ? 'The id of the key is not that of the key.'
        : isKnownKey === false
          ? 'The key is not among those that were published.'
          : 'The signature fits.',
    body,
  };
}
