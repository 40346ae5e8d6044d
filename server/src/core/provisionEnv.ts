import { z } from 'zod';

const seconds = (fallback: number) => z.coerce.number().int().positive().default(fallback);

/** The environment variables of machines that are rented for agents while work waits. */
export const provisionEnv = {
  CARMIC_PROVISIONER: z
    .enum(['none', 'hetzner'])
    .default('none')
    .describe('`hetzner` rents machines for agents at Hetzner Cloud while work waits, and gives them back'),
  CARMIC_PROVISION_MAX_MACHINES: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(2)
    .describe('Most machines at a time; 0 empties and gives back those that are there'),
  CARMIC_PROVISION_MIN_MACHINES: z.coerce.number().int().min(0).default(0).describe('Machines that stay though nothing waits'),
  CARMIC_PROVISION_MAX_EUROS_PER_HOUR: z.coerce
    .number()
    .positive()
    .default(1)
    .describe('What all machines together may cost in an hour, net; none is rented beyond it'),
  CARMIC_PROVISION_WAIT_SECONDS: seconds(120).describe('A task that waited longer than this is a reason to rent'),
  CARMIC_PROVISION_SLOTS: z.coerce.number().int().min(1).max(64).default(2).describe('Tasks that one machine does at a time'),
  CARMIC_PROVISION_BOOT_SECONDS: seconds(900).describe('A machine whose agent has not come in after this is given back'),
  CARMIC_PROVISION_DRAIN_SECONDS: seconds(3600).describe('How long a machine that is to go may finish its tasks'),
  CARMIC_PROVISION_AGENT_IMAGE: z
    .string()
    .regex(/^[a-z0-9][a-z0-9./:_-]*[:@][A-Za-z0-9._:-]+$/, 'is the name of an image with its tag or digest')
    .optional()
    .describe('Image of the agent, from a registry that the machines can read'),
  CARMIC_HETZNER_TOKEN: z.string().min(1).optional().describe('API token of a Hetzner Cloud project, with the right to write'),
  CARMIC_HETZNER_URL: z.url().default('https://api.hetzner.cloud').describe('API of Hetzner Cloud'),
  CARMIC_HETZNER_SERVER_TYPE: z.string().min(1).default('ccx23').describe('Kind of machine'),
  CARMIC_HETZNER_IMAGE: z.string().min(1).default('docker-ce').describe('System of the machine; Docker must be in it'),
  CARMIC_HETZNER_LOCATIONS: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))
    .describe('Locations that may be used, such as `fsn1,hel1`; every one in the EU by default'),
  CARMIC_HETZNER_OUTSIDE_EU: z
    .enum(['refused', 'allowed'])
    .default('refused')
    .describe('`allowed` takes locations outside the EU as well, where CARMIC_HETZNER_LOCATIONS names them'),
} as const;

/** Names of secrets among them, each of which may come from a file named by `<NAME>_FILE`. */
export const provisionSecretNames = ['CARMIC_HETZNER_TOKEN'] as const;
