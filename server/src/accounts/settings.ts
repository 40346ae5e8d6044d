/** How people come in here: one row of `instance_settings`, edited by administrators. */
import { type AccountSettings, accountSettingsSchema } from '@carmic/contract';
import { createHash } from 'node:crypto';
import { isInRanges, isRange } from '../core/addresses.ts';
import { invalidInput } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';

const settingName = 'accounts';
const keepMs = 2000;

/** Nobody makes an account uninvited until an administrator says otherwise. */
export const defaultSettings: AccountSettings = {
  signUp: 'invitation',
  allowedDomains: [],
  secondFactorFor: [],
  consoleAddresses: [],
  adminAddresses: [],
};

/** Reads the settings. */
export async function readSettings(deps: Deps, tx: Tx): Promise<AccountSettings> {
  const [row] = await deps.db.rows<{ value: unknown }>(tx, 'SELECT value FROM instance_settings WHERE name = :settingName', {
    settingName,
  });
  return row === undefined ? defaultSettings : accountSettingsSchema.parse(row.value);
}

/** Names a version of the settings. */
export function settingsVersion(settings: AccountSettings): string {
  return createHash('sha256')
    .update(JSON.stringify(accountSettingsSchema.parse(settings)))
    .digest('base64url')
    .slice(0, 22);
}

/** Writes the settings. Throws invalid_input for what is no range, and for lists that would lock out whoever writes them. */
export async function writeSettings(
  deps: Deps,
  person: Person,
  address: string,
  settings: AccountSettings,
  checkMatch: (version: string) => void,
) {
  const { db, appendEvent } = deps;
  const ranges = [...settings.consoleAddresses, ...settings.adminAddresses];
  const wrong = ranges.find((range) => !isRange(range));
  if (wrong !== undefined) {
    throw invalidInput(`${wrong} is no address or range such as 10.0.0.0/8.`);
  }
  for (const list of [settings.consoleAddresses, settings.adminAddresses]) {
    if (list.length > 0 && !isInRanges(address, list)) {
      throw invalidInput(`Your own address ${address} is not in the list, and you would be locked out: add it.`);
    }
  }
  const isOpen = settings.signUp === 'open' || settings.signUp === 'domain';
  if (isOpen && (deps.env.CARMIC_OPERATOR_NAME === undefined || deps.env.CARMIC_OPERATOR_EMAIL === undefined)) {
    throw invalidInput(
      'Before people can make accounts themselves they have to know whom to write to: set CARMIC_OPERATOR_NAME and CARMIC_OPERATOR_EMAIL.',
    );
  }
  if (settings.signUp === 'domain' && settings.allowedDomains.length === 0) {
    throw invalidInput('Sign-up by domain needs at least one domain.');
  }
  await db.asSystem(async (tx) => {
    await db.rows(tx, 'SELECT pg_advisory_xact_lock(723403)');
    checkMatch(settingsVersion(await readSettings(deps, tx)));
    await db.change(
      tx,
      `INSERT INTO instance_settings (name, value) VALUES (:settingName, CAST(:value AS jsonb))
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      { settingName, value: JSON.stringify(settings) },
    );
    await appendEvent(tx, { workspaceId: null, type: 'settings.updated', actorId: person.userId, data: { setting: settingName } });
  });
}

/** A reader of the settings that asks the database every two seconds at most. */
export function createSettingsCache(deps: Deps): () => Promise<AccountSettings> {
  let kept: { settings: AccountSettings; until: number } | null = null;
  return async () => {
    if (kept === null || performance.now() > kept.until) {
      kept = { settings: await deps.db.asSystem((tx) => readSettings(deps, tx)), until: performance.now() + keepMs };
    }
    return kept.settings;
  };
}

/** Takes the lists of addresses back: the recovery of an administrator who is locked out. */
export async function clearAddressLists(deps: Deps): Promise<void> {
  await deps.db.asSystem(async (tx) => {
    const settings = await readSettings(deps, tx);
    await deps.db.change(tx, 'UPDATE instance_settings SET value = CAST(:value AS jsonb) WHERE name = :settingName', {
      settingName,
      value: JSON.stringify({ ...settings, consoleAddresses: [], adminAddresses: [] }),
    });
    await deps.appendEvent(tx, { workspaceId: null, type: 'settings.updated', data: { setting: settingName, by: 'recovery_command' } });
  });
}
