import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../server/src/core/log.ts';
import { createEgress } from '../../server/src/egress/egress.ts';
import { createVaultKeys, type VaultKeys, type VaultOptions } from '../../server/src/keyring/vaultKeys.ts';
import { startVault, type VaultStandIn } from '../support/vaultStandIn.ts';

let vault: VaultStandIn;
let keys: VaultKeys;
const log = createLog({ level: 'silent' });

const open = (options: Partial<VaultOptions> = {}) =>
  createVaultKeys({
    fetch: createEgress([{ name: 'vault', baseUrl: vault.url }], log).fetchFor('vault'),
    url: vault.url,
    mount: 'transit',
    key: 'carmic',
    token: () => vault.token,
    timeoutMs: 2000,
    ...options,
  });

beforeAll(async () => {
  vault = await startVault();
});
beforeEach(() => {
  Object.assign(vault, { isSealed: false, minimumVersion: 1, namespace: undefined });
  keys = open();
});
afterAll(() => vault.close());

describe('a root key in Vault’s transit engine', () => {
  test('wraps and opens, and never tells an envelope’s content by its own (S1)', async () => {
    const secret = Buffer.from('a key of thirty-two bytes, or so');
    const envelope = await keys.wrap(secret);
    expect(envelope.keyId).toBe(await keys.currentKeyId());
    expect(envelope.wrapped).toMatch(/^vault:v1:/);
    expect(envelope.wrapped).not.toContain(secret.toString('base64'));
    expect((await keys.unwrap(envelope)).equals(secret)).toBe(true);
  });

  test('is replaced by rewrapping, after which the former version may be closed', async () => {
    const envelope = await keys.wrap(Buffer.from('secret'));
    await keys.addVersion();
    expect((await keys.unwrap(envelope)).toString()).toBe('secret');
    const moved = await keys.rewrap(envelope);
    expect(moved.keyId).toBe(await keys.currentKeyId());
    expect(moved.keyId).not.toBe(envelope.keyId);
    vault.minimumVersion = 2;
    expect((await keys.unwrap(moved)).toString()).toBe('secret');
    await expect(keys.unwrap(envelope)).rejects.toMatchObject({
      code: 'unknown_key',
      message: expect.stringContaining('min_decryption') as unknown,
    });
  });

  test('says what is wrong with an altered envelope, another key, a token, and a namespace', async () => {
    const envelope = await keys.wrap(Buffer.from('secret'));
    const altered = { ...envelope, wrapped: `${envelope.wrapped.slice(0, -8)}AAAAAAA=` };
    await expect(keys.unwrap(altered)).rejects.toMatchObject({ code: 'damaged' });
    await expect(open({ key: 'other' }).wrap(Buffer.from('x'))).rejects.toMatchObject({
      code: 'unknown_key',
      message: expect.stringContaining('vault write -f transit/keys/other') as unknown,
    });
    await expect(keys.unwrap({ ...envelope, keyId: 'vault:elsewhere/carmic:v1' })).rejects.toMatchObject({ code: 'unknown_key' });
    await expect(open({ token: () => 'hvs.wrong' }).wrap(Buffer.from('x'))).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('transit/decrypt/carmic') as unknown,
    });
    vault.namespace = 'video/team';
    await expect(keys.wrap(Buffer.from('x'))).rejects.toMatchObject({ code: 'refused' });
    expect((await open({ namespace: 'video/team' }).wrap(Buffer.from('x'))).wrapped).toMatch(/^vault:/);
  });

  test('waits out what passes, and says that it is sealed when that does not pass', async () => {
    vault.nextAnswers.push(429, 500);
    expect((await keys.wrap(Buffer.from('x'))).wrapped).toMatch(/^vault:/);
    vault.isSealed = true;
    const before = vault.calls.length;
    await expect(keys.wrap(Buffer.from('x'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('sealed') as unknown,
    });
    expect(vault.calls.length - before).toBe(3);
  });

  test('is given up when it does not answer in time, and asks nobody else (T2)', async () => {
    vault.nextAnswers.push('silence', 'silence', 'silence');
    await expect(open({ timeoutMs: 100 }).wrap(Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(open({ url: 'http://127.0.0.2:1' }).wrap(Buffer.from('x'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('refused') as unknown,
    });
  });
});
