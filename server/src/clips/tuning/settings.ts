/** Whether encodes are counted, and who chooses their settings: one row of `instance_settings`. */
import { createHash } from 'node:crypto';
import { type CompressionSettings, compressionSettingsSchema, encodingLadders } from '@carmic/contract';
import { invalidInput } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';

const settingName = 'compression';

/** docs/decisions/statistics.md says why so. */
export const defaultCompression: CompressionSettings = {
  statistics: 'on',
  minimumGroup: 20,
  tuner: 'on',
  target: 0.97,
  allowsSlowerPresets: false,
  pinned: [],
};

/** Reads the settings. */
export async function readCompression(deps: Pick<Deps, 'db'>, tx: Tx): Promise<CompressionSettings> {
  const [row] = await deps.db.rows<{ value: unknown }>(tx, 'SELECT value FROM instance_settings WHERE name = :settingName', {
    settingName,
  });
  return row === undefined ? defaultCompression : compressionSettingsSchema.parse(row.value);
}

/** Names a version of the settings. */
export function compressionVersion(settings: CompressionSettings): string {
  return createHash('sha256')
    .update(JSON.stringify(compressionSettingsSchema.parse(settings)))
    .digest('base64url')
    .slice(0, 22);
}

/**
 * Writes the settings. Off: what is there of today goes at once. A larger smallest group: figures of smaller ones go, with all others of their day,
 * so that nobody can tell what went. Throws invalid_input for a pin that no encoder knows.
 */
export async function writeCompression(deps: Deps, userId: string, settings: CompressionSettings, checkMatch: (version: string) => void) {
  const { db, appendEvent } = deps;
  for (const { encoder, preset, rate } of settings.pinned) {
    const { presets, finest, coarsest } = encodingLadders[encoder];
    if (!(presets as readonly string[]).includes(preset)) {
      throw invalidInput(`${encoder} can be pinned to these presets: ${presets.join(', ')}.`);
    }
    if (rate < finest || rate > coarsest) {
      throw invalidInput(`${encoder} can be pinned to rates from ${finest} to ${coarsest}.`);
    }
  }
  if (settings.tuner === 'pinned' && settings.pinned.length === 0) {
    throw invalidInput('Nothing is pinned: name a preset and a rate for at least one encoder.');
  }
  await db.asSystem(async (tx) => {
    await db.rows(tx, 'SELECT pg_advisory_xact_lock(723433)');
    checkMatch(compressionVersion(await readCompression(deps, tx)));
    await db.change(
      tx,
      `INSERT INTO instance_settings (name, value) VALUES (:settingName, CAST(:value AS jsonb))
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      { settingName, value: JSON.stringify(settings) },
    );
    if (settings.statistics === 'off') {
      await db.change(tx, 'DELETE FROM encoding_reports');
    }
    await db.change(
      tx,
      'DELETE FROM encoding_statistics WHERE day IN (SELECT day FROM encoding_statistics WHERE contributors < :minimumGroup)',
      settings,
    );
    await appendEvent(tx, { workspaceId: null, type: 'settings.updated', actorId: userId, data: { setting: settingName } });
  });
}
