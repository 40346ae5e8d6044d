import { readFileSync } from 'node:fs';
import type { Env } from '../core/env.ts';
import { StartError } from '../core/errors.ts';
import type { Egress, Party } from '../egress/egress.ts';
import { createFileKeys } from './fileKeys.ts';
import { createRootKeys, KeyError, type KeyProvider } from './keyProvider.ts';
import { createVaultKeys, type VaultKeys } from './vaultKeys.ts';

const partyName = 'vault';

/** The key service as a party of the way out, when one is used. */
export function keyParties(env: Env): Party[] {
  return env.CARMIC_VAULT_URL === undefined ? [] : [{ name: partyName, baseUrl: env.CARMIC_VAULT_URL }];
}

/** The root keys that the environment names, and those among them that a rotation has to know apart. */
export interface EnvKeys {
  rootKeys: KeyProvider;
  vault: VaultKeys | null;
  /** The key file, when it is the current root key. */
  currentFile: string | null;
}

/** Opens the root keys that the environment names. Throws StartError for what the operator must mend. */
export function openKeys(env: Env, egress: Egress): EnvKeys {
  const file = env.CARMIC_ROOT_KEY_FILE === undefined ? null : createFileKeys(env.CARMIC_ROOT_KEY_FILE);
  const vault = openVault(env, egress);
  if (env.CARMIC_KEY_PROVIDER === 'vault') {
    if (vault === null) {
      throw new StartError('CARMIC_KEY_PROVIDER is vault, and these are missing: CARMIC_VAULT_URL, CARMIC_VAULT_TOKEN_FILE.');
    }
    return { rootKeys: createRootKeys(vault, file), vault, currentFile: null };
  }
  if (file === null || env.CARMIC_ROOT_KEY_FILE === undefined) {
    throw new StartError('CARMIC_ROOT_KEY_FILE is missing: it names the file with the root key (openssl rand -base64 32 makes one).');
  }
  return { rootKeys: createRootKeys(file, vault), vault, currentFile: env.CARMIC_ROOT_KEY_FILE };
}

function openVault(env: Env, egress: Egress): VaultKeys | null {
  const { CARMIC_VAULT_TOKEN_FILE: tokenFile, CARMIC_VAULT_URL: url } = env;
  if (url === undefined || tokenFile === undefined) {
    return null;
  }
  const { hostname, protocol } = new URL(url);
  const isOwnMachine = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  if (protocol !== 'https:' && env.CARMIC_MODE === 'production' && !isOwnMachine) {
    throw new StartError(`Vault at ${url} is reached without encryption: use an https address in CARMIC_VAULT_URL.`);
  }
  const token = () => {
    try {
      return readFileSync(tokenFile, 'utf8').trim();
    } catch (error) {
      throw new KeyError('refused', `The token of Vault in ${tokenFile} cannot be read: ${error instanceof Error ? error.message : ''}.`);
    }
  };
  return createVaultKeys({
    fetch: egress.fetchFor(partyName),
    url,
    mount: env.CARMIC_VAULT_TRANSIT_MOUNT,
    key: env.CARMIC_VAULT_TRANSIT_KEY,
    namespace: env.CARMIC_VAULT_NAMESPACE,
    token,
    timeoutMs: env.CARMIC_VAULT_TIMEOUT_SECONDS * 1000,
  });
}
