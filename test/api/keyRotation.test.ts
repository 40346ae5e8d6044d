import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rootKeyFingerprint } from '../../server/src/core/crypto.ts';
import { readRootKeys } from '../../server/src/keyring/rootKeyFile.ts';
import { rotateKeys } from '../../server/src/operate/rotateKeys.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { startVault, type VaultStandIn } from '../support/vaultStandIn.ts';

let vault: VaultStandIn;
let instance: TestInstance;
const env: Record<string, string> = {};
const lines: string[] = [];

const fileOf = () => join(instance.directory, 'root.key');
const envelope = async () => {
  const { db } = instance.server.deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<{ key_id: string }>(tx, "SELECT value->>'keyId' AS key_id FROM instance_settings WHERE name = 'instance_secret'"),
  );
  return row?.key_id ?? '';
};
const rotate = (options: Partial<Parameters<typeof rotateKeys>[1]> = {}) =>
  rotateKeys(
    {
      CARMIC_MODE: 'test',
      CARMIC_DATABASE_URL: instance.database.appUrl,
      CARMIC_DATA_DIR: instance.directory,
      CARMIC_ROOT_KEY_FILE: fileOf(),
      CARMIC_MIN_FREE_BYTES: '0',
      ...env,
    },
    { isFinishing: false, ...options },
    (line) => lines.push(line),
  );
const store = () => instance.server.deps.store;
const put = (key: string, text: string) => store().put(key, Buffer.from(text), { contentType: 'text/plain', maxBytes: 100 });
const read = async (key: string) => Buffer.concat(await (await store().get(key)).stream.toArray()).toString();

beforeAll(async () => {
  vault = await startVault();
  instance = await startInstance({ env });
});
afterAll(async () => {
  await instance.stop();
  await vault.close();
});

describe('the root key in a file', () => {
  const key = keys.source(randomUUID(), randomUUID());

  test('is replaced beside a running server, which goes on and starts again with the new key only (S1)', async () => {
    await put(key, 'before');
    const sealed = instance.server.deps.sealer.seal('a:1', 'a title');
    const [former] = readRootKeys(fileOf());
    const before = await envelope();
    await rotate();
    const after = readRootKeys(fileOf());
    expect(after).toHaveLength(1);
    expect(after[0]).not.toEqual(former);
    expect(await envelope()).not.toBe(before);
    expect(lines.join(' ')).toContain('former key is removed');
    expect(await read(key)).toBe('before');
    const other = keys.source(randomUUID(), randomUUID());
    await put(other, 'meanwhile');
    await instance.restart();
    expect(await read(key)).toBe('before');
    expect(await read(other)).toBe('meanwhile');
    expect(instance.server.deps.sealer.open('a:1', sealed)).toBe('a title');
  });

  test('that is another, or former, is told at the start', async () => {
    const right = readFileSync(fileOf(), 'utf8');
    await expect(
      instance.restart(() => {
        writeFileSync(fileOf(), randomBytes(32).toString('base64'));
        return Promise.resolve();
      }),
    ).rejects.toThrow(/The root key does not open this database.*Put the right key file back/);
    writeFileSync(fileOf(), right);
    await instance.restart();
    expect(await read(key)).toBe('before');
  });

  test('of an installation whose secret was the root key itself goes on', async () => {
    const [rootKey = Buffer.alloc(0)] = readRootKeys(fileOf());
    const { db } = instance.server.deps;
    await db.asSystem((tx) => db.change(tx, "DELETE FROM instance_settings WHERE name = 'instance_secret'"));
    await db.asSystem((tx) =>
      db.change(tx, "UPDATE instance_settings SET value = CAST(:value AS jsonb) WHERE name = 'root_key_fingerprint'", {
        value: JSON.stringify(rootKeyFingerprint(rootKey)),
      }),
    );
    await instance.restart();
    expect(await envelope()).toMatch(/^file:/);
    await rotate();
    await instance.restart();
    expect(await read(key)).toBe('before');
    await rotate({ isFinishing: true });
    expect(readRootKeys(fileOf())).toHaveLength(1);
  });
});

describe('the root key in Vault', () => {
  test('takes over from the file, is replaced by a new version, and what is wrong with it is told at the start', async () => {
    const key = keys.source(randomUUID(), randomUUID());
    await put(key, 'from the file');
    const tokenFile = join(instance.directory, 'vault-token');
    writeFileSync(tokenFile, `${vault.token}\n`);
    Object.assign(env, { CARMIC_KEY_PROVIDER: 'vault', CARMIC_VAULT_URL: vault.url, CARMIC_VAULT_TOKEN_FILE: tokenFile });
    await instance.restart();
    await rotate({ isFinishing: true });
    expect(await envelope()).toBe('vault:transit/carmic:v1');
    writeFileSync(fileOf(), randomBytes(32).toString('base64'));
    await instance.restart();
    expect(await read(key)).toBe('from the file');

    await rotate();
    expect(await envelope()).toBe('vault:transit/carmic:v2');
    vault.minimumVersion = 2;
    await instance.restart();
    expect(await read(key)).toBe('from the file');

    vault.isSealed = true;
    await expect(instance.restart()).rejects.toThrow(/sealed/);
    vault.isSealed = false;
    writeFileSync(tokenFile, 'hvs.revoked');
    await expect(instance.restart()).rejects.toThrow(/refuses the token/);
    writeFileSync(tokenFile, vault.token);
    await instance.restart();
    expect(await read(key)).toBe('from the file');
  });

  test('something that is no workspace is refused before anything is begun', async () => {
    await expect(rotate({ workspaceId: '../../etc' })).rejects.toThrow(/There is no workspace/);
  });
});
