import type { Instance } from '@carmic/contract';
import { readSettings } from './accounts/settings.ts';
import { release } from './core/release.ts';
import type { Deps } from './deps.ts';
import { reportsErrors } from './egress/errorReports.ts';
import { isMailOn } from './mail/mail.ts';
import { presentOffer, readMailSettings } from './mail/mailSettings.ts';
import { chooseEngine } from './understanding/engine.ts';

/** What anybody may know of this installation. */
export function presentInstance(deps: Deps): Promise<Instance> {
  const { env } = deps;
  return deps.db.asSystem(async (tx) => ({
    name: env.CARMIC_INSTANCE_NAME,
    version: release.version,
    limits: {
      uploadBytes: env.CARMIC_MAX_UPLOAD_BYTES,
      durationSeconds: env.CARMIC_MAX_DURATION_SECONDS,
      framePixels: env.CARMIC_MAX_FRAME_PIXELS,
    },
    signUp: (await readSettings(deps, tx)).signUp,
    canImport: env.CARMIC_IMPORT_HOSTS.length > 0,
    sellsPlans: deps.stripe !== null,
    reportsErrors: reportsErrors(env),
    marketing: presentOffer(deps, await readMailSettings(deps, tx)),
    isMailOn: isMailOn(deps),
    transcription: await chooseEngine(deps, tx),
  }));
}
