/**
 * The instance's secret: 32 random bytes from which the keys of columns, indexes, signatures and links derive. It lies in the database,
 * wrapped by the root key, so that the root key can be replaced without touching anything that was made with it. Keeps: S1.
 *
 * Installations from before the secret was kept apart used the root key itself; there the secret is that key, from their next start on wrapped.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { equalBytes, rootKeyFingerprint } from '../core/crypto.ts';
import { StartError } from '../core/errors.ts';
import type { Database } from '../db/database.ts';
import { type KeyEnvelope, KeyError, type KeyProvider } from './keyProvider.ts';

const envelopeSchema = z.object({ keyId: z.string(), wrapped: z.string() });

interface Row {
  name: string;
  value: unknown;
}

async function readRows(db: Database): Promise<{ envelope: KeyEnvelope | null; fingerprint: string | null }> {
  const rows = await db.asSystem((tx) =>
    db.rows<Row>(tx, "SELECT name, value FROM instance_settings WHERE name IN ('instance_secret', 'root_key_fingerprint')"),
  );
  const valueOf = (name: string) => rows.find((row) => row.name === name)?.value ?? null;
  const envelope = valueOf('instance_secret');
  const fingerprint = valueOf('root_key_fingerprint');
  return {
    envelope: envelope === null ? null : envelopeSchema.parse(envelope),
    fingerprint: fingerprint === null ? null : z.string().parse(fingerprint),
  };
}

/**
 * Opens the instance's secret, making it at the first start. `fileKeys` are the keys of the root key file, which older installations used
 * directly. Throws StartError when the root key is another than the database was filled with.
 */
export async function openInstanceSecret(db: Database, rootKeys: KeyProvider, fileKeys: readonly Uint8Array[]): Promise<Buffer> {
  const { envelope, fingerprint } = await readRows(db);
  if (envelope !== null) {
    return openSecret(rootKeys, envelope, fingerprint);
  }
  const secret = fingerprint === null ? randomBytes(32) : fileKeys.find((key) => rootKeyFingerprint(key) === fingerprint);
  if (secret === undefined) {
    throw anotherKey();
  }
  const made = await rootKeys.wrap(secret).catch(explain);
  await db.asSystem((tx) =>
    db.change(
      tx,
      `INSERT INTO instance_settings (name, value) VALUES
         ('instance_secret', CAST(:envelope AS jsonb)), ('root_key_fingerprint', CAST(:fingerprint AS jsonb)) ON CONFLICT DO NOTHING`,
      { envelope: JSON.stringify(made), fingerprint: JSON.stringify(rootKeyFingerprint(secret)) },
    ),
  );
  // Another process may have been first: what is in the database counts.
  const stored = await readRows(db);
  if (stored.envelope === null) {
    throw new StartError('The secret of this installation could not be stored in the database.');
  }
  return openSecret(rootKeys, stored.envelope, stored.fingerprint);
}

async function openSecret(rootKeys: KeyProvider, envelope: KeyEnvelope, fingerprint: string | null): Promise<Buffer> {
  const secret = await rootKeys.unwrap(envelope).catch(explain);
  if (fingerprint !== rootKeyFingerprint(secret)) {
    throw anotherKey();
  }
  return secret;
}

/** Puts the secret's envelope under the current root key. Answers whether that was needed. */
export async function rewrapInstanceSecret(db: Database, rootKeys: KeyProvider): Promise<boolean> {
  const { envelope } = await readRows(db);
  if (envelope === null || envelope.keyId === (await rootKeys.currentKeyId())) {
    return false;
  }
  const made = await rootKeys.rewrap(envelope);
  if (!equalBytes(await rootKeys.unwrap(made), await rootKeys.unwrap(envelope))) {
    throw new KeyError('damaged', 'The secret of this installation did not survive being wrapped anew; it was left as it was.');
  }
  await db.asSystem((tx) =>
    db.change(
      tx,
      "UPDATE instance_settings SET value = CAST(:made AS jsonb) WHERE name = 'instance_secret' AND value = CAST(:before AS jsonb)",
      { made: JSON.stringify(made), before: JSON.stringify(envelope) },
    ),
  );
  return true;
}

function anotherKey(): StartError {
  return new StartError(
    'The root key does not open this database: it is not the one it was filled with. Put the right key file back; with another key ' +
      'nothing here can be opened.',
  );
}

function explain(error: unknown): never {
  if (error instanceof KeyError) {
    throw error.code === 'unknown_key' || error.code === 'damaged'
      ? new StartError(`The root key does not open this database. ${error.message}`)
      : new StartError(error.message);
  }
  throw error;
}
