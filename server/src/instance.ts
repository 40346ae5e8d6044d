import type { Instance } from '@carmic/contract';
import { readSettings } from './accounts/settings.ts';
import { rootKeyFingerprint } from './core/crypto.ts';
import { StartError } from './core/errors.ts';
import type { Database } from './db/database.ts';
import type { Deps } from './deps.ts';
import { isMailOn } from './mail/mail.ts';
import { chooseEngine } from './understanding/engine.ts';

/** Version of this release. */
export const serverVersion = '0.1.0';

/** What anybody may know of this installation. */
export function presentInstance(deps: Deps): Promise<Instance> {
  const { env } = deps;
  return deps.db.asSystem(async (tx) => ({
    name: env.CARMIC_INSTANCE_NAME,
    version: serverVersion,
    limits: {
      uploadBytes: env.CARMIC_MAX_UPLOAD_BYTES,
      durationSeconds: env.CARMIC_MAX_DURATION_SECONDS,
      framePixels: env.CARMIC_MAX_FRAME_PIXELS,
    },
    signUp: (await readSettings(deps, tx)).signUp,
    isMailOn: isMailOn(deps),
    transcription: await chooseEngine(deps, tx),
  }));
}

/** Refuses to start with another root key than the database was filled with. Keeps: S1. */
export async function checkRootKey(db: Database, rootKey: Uint8Array): Promise<void> {
  const fingerprint = rootKeyFingerprint(rootKey);
  const [row] = await db.asSystem(async (tx) => {
    await db.change(
      tx,
      "INSERT INTO instance_settings (name, value) VALUES ('root_key_fingerprint', CAST(:value AS jsonb)) ON CONFLICT DO NOTHING",
      { value: JSON.stringify(fingerprint) },
    );
    return db.rows<{ value: string }>(tx, "SELECT value FROM instance_settings WHERE name = 'root_key_fingerprint'");
  });
  if (row?.value !== fingerprint) {
    throw new StartError(
      'The root key is not the one this database was filled with. Put the right key file back; with another key nothing here can be opened.',
    );
  }
}
