/** How far the first set-up is: one row of `instance_settings`, so that another browser goes on where the first one stopped. */
import {
  type Setup,
  setupSteps,
  type SetupStepName,
  setupStepNameSchema,
  type SetupStepState,
  setupStepStateSchema,
} from '@carmic/contract';
import { z } from 'zod';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';

const settingName = 'setup';
const storedSchema = z.partialRecord(setupStepNameSchema, z.object({ state: setupStepStateSchema, at: z.iso.datetime() }));

/** Reads every step; those that nobody has looked at are open. */
export async function readSetup(deps: Deps, tx: Tx): Promise<Setup> {
  const [row] = await deps.db.rows<{ value: unknown }>(tx, 'SELECT value FROM instance_settings WHERE name = :settingName', {
    settingName,
  });
  const stored = row === undefined ? {} : storedSchema.parse(row.value);
  return {
    steps: setupSteps.map((name) => {
      const { state = 'open', at = null } = stored[name] ?? {};
      return { name, state, at: state === 'open' ? null : at };
    }),
  };
}

/** Notes the state of one step; two people who note two steps at once both keep theirs. */
export async function writeSetupStep(deps: Deps, userId: string, step: SetupStepName, state: SetupStepState): Promise<Setup> {
  const value = JSON.stringify({ [step]: { state, at: deps.clock.now().toISOString() } });
  return deps.db.asSystem(async (tx) => {
    await deps.db.change(
      tx,
      `INSERT INTO instance_settings (name, value) VALUES (:settingName, CAST(:value AS jsonb))
       ON CONFLICT (name) DO UPDATE SET value = instance_settings.value || excluded.value`,
      { settingName, value },
    );
    await deps.appendEvent(tx, { workspaceId: null, type: 'settings.updated', actorId: userId, data: { setting: settingName } });
    return readSetup(deps, tx);
  });
}
