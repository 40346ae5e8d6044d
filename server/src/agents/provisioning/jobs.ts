import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Env } from '../../core/env.ts';
import { StartError } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import type { Party } from '../../egress/egress.ts';
import { roundSeconds } from './decide.ts';
import { createHetzner } from './hetzner.ts';
import type { MachineProvider } from './provider.ts';
import { provisionOnce } from './provision.ts';

/** Who the way out must know when machines are rented. */
export function provisionParties(env: Env): Party[] {
  return env.CARMIC_PROVISIONER === 'none' ? [] : [{ name: env.CARMIC_PROVISIONER, baseUrl: env.CARMIC_HETZNER_URL }];
}

/** Builds the provider that the environment chooses; null without one. Throws StartError when it lacks something. */
export function createProvider(deps: Pick<Deps, 'env' | 'egress' | 'auditKey'>): MachineProvider | null {
  const { env } = deps;
  if (env.CARMIC_PROVISIONER === 'none') {
    return null;
  }
  const { CARMIC_HETZNER_TOKEN: token, CARMIC_PROVISION_AGENT_IMAGE: image, CARMIC_BASE_URL: baseUrl } = env;
  if (token === undefined || image === undefined || baseUrl === undefined) {
    throw new StartError(
      'CARMIC_PROVISIONER=hetzner needs CARMIC_HETZNER_TOKEN, CARMIC_PROVISION_AGENT_IMAGE and CARMIC_BASE_URL, under which the machines reach this server.',
    );
  }
  return createHetzner({
    apiUrl: env.CARMIC_HETZNER_URL,
    token,
    fetch: deps.egress.fetchFor('hetzner'),
    // The same for as long as the installation lives, and of no use to anybody who sees it at the provider.
    installation: createHash('sha256').update('machines').update(deps.auditKey).digest('hex').slice(0, 24),
    serverType: env.CARMIC_HETZNER_SERVER_TYPE,
    image: env.CARMIC_HETZNER_IMAGE,
    locations: env.CARMIC_HETZNER_LOCATIONS,
    mayLeaveEu: env.CARMIC_HETZNER_OUTSIDE_EU === 'allowed',
  });
}

/** A round every half minute, where machines are rented. */
export function defineProvisioningJobs(deps: Deps): void {
  const provider = createProvider(deps);
  if (provider === null) {
    return;
  }
  deps.jobs.define({ name: 'agents.provision', payload: z.object({}), run: () => provisionOnce(deps, provider), concurrency: 1 });
  deps.jobs.every('agents.provision', roundSeconds);
}
