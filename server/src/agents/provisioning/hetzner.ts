/**
 * Machines at Hetzner Cloud (https://docs.hetzner.cloud/reference/cloud). Every machine of ours carries two labels, by which it is found again
 * whatever became of the call that made it: whose it is, and what it costs in an hour.
 */
import { z } from 'zod';
import { type Machine, type MachineProvider, type Offer, ProvisionError } from './provider.ts';

const callMs = 30_000;
const pageSize = 50;
const owner = 'carmic-installation';
const price = 'carmic-hourly-micros';

/** The only zone whose locations are all in the EU. */
const euZone = 'eu-central';

const serversSchema = z.object({
  servers: z.array(z.object({ id: z.number(), name: z.string(), created: z.string(), labels: z.record(z.string(), z.string()) })),
  meta: z.object({ pagination: z.object({ next_page: z.number().nullable() }) }),
});
const typesSchema = z.object({
  server_types: z.array(
    z.object({ name: z.string(), prices: z.array(z.object({ location: z.string(), price_hourly: z.object({ net: z.string() }) })) }),
  ),
});
const locationsSchema = z.object({ locations: z.array(z.object({ name: z.string(), network_zone: z.string() })) });
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export interface HetznerOptions {
  apiUrl: string;
  token: string;
  fetch: typeof globalThis.fetch;
  /** Names this installation among others in the same project. */
  installation: string;
  serverType: string;
  image: string;
  /** Empty takes every one in the EU. */
  locations: readonly string[];
  mayLeaveEu: boolean;
}

/** Builds the client. Its methods throw ProvisionError. */
export function createHetzner(options: HetznerOptions): MachineProvider {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    let response: Response;
    let text: string;
    try {
      response = await options.fetch(new URL(path, options.apiUrl), {
        method,
        headers: { authorization: `Bearer ${options.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(callMs),
      });
      text = await response.text();
    } catch (error) {
      throw new ProvisionError('unknown_outcome', 'Hetzner’s API could not be reached.', error);
    }
    const json = parseJson(text);
    if (!response.ok) {
      throw toError(response.status, json);
    }
    return json;
  };
  const read = <T>(schema: z.ZodType<T>, json: unknown): T => {
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      throw new ProvisionError('unknown_outcome', `Hetzner’s API answered something else than it should: ${z.prettifyError(parsed.error)}`);
    }
    return parsed.data;
  };

  return {
    name: 'hetzner',
    async list() {
      const machines: Machine[] = [];
      const selector = encodeURIComponent(`${owner}==${options.installation}`);
      for (let page: number | null = 1; page !== null;) {
        const found: z.infer<typeof serversSchema> = read(
          serversSchema,
          await call('GET', `/v1/servers?label_selector=${selector}&per_page=${pageSize}&page=${page}`),
        );
        for (const { id, name, created, labels } of found.servers) {
          // The server has chosen by the label; it is looked at again, because what is listed here may be deleted.
          if (labels[owner] === options.installation) {
            machines.push({ id: String(id), name, createdAt: new Date(created), hourlyMicros: Number(labels[price] ?? 0) });
          }
        }
        page = found.meta.pagination.next_page;
      }
      return machines;
    },
    async offers() {
      const [type] = read(typesSchema, await call('GET', `/v1/server_types?name=${encodeURIComponent(options.serverType)}`)).server_types;
      if (type === undefined) {
        throw new ProvisionError('refused', `Hetzner has no kind of machine called ${options.serverType}.`);
      }
      const { locations } = read(locationsSchema, await call('GET', `/v1/locations?per_page=${pageSize}`));
      const zones = new Map(locations.map((location) => [location.name, location.network_zone]));
      return type.prices
        .filter(({ location }) => isAllowed(options, location, zones.get(location)))
        .map(({ location, price_hourly }): Offer => ({ location, hourlyMicros: Math.ceil(Number(price_hourly.net) * 1_000_000) }))
        .sort((a, b) => a.hourlyMicros - b.hourlyMicros || a.location.localeCompare(b.location));
    },
    async create({ name, userData, offer }) {
      try {
        await call('POST', '/v1/servers', {
          name,
          server_type: options.serverType,
          image: options.image,
          location: offer.location,
          user_data: userData,
          labels: { [owner]: options.installation, [price]: String(offer.hourlyMicros) },
          start_after_create: true,
        });
      } catch (error) {
        // Names are never used twice: the call before this one has made it.
        if (!(error instanceof ProvisionError && error.code === 'exists')) {
          throw error;
        }
      }
    },
    async remove(id) {
      try {
        await call('DELETE', `/v1/servers/${encodeURIComponent(id)}`);
      } catch (error) {
        if (!(error instanceof ProvisionError && error.code === 'not_found')) {
          throw error;
        }
      }
    },
  };
}

function isAllowed({ locations, mayLeaveEu }: HetznerOptions, location: string, zone: string | undefined): boolean {
  const isNamed = locations.includes(location);
  return zone === euZone ? isNamed || locations.length === 0 : mayLeaveEu && isNamed;
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? null : (JSON.parse(text) as unknown);
  } catch {
    // A proxy's page of HTML; the status says what there is to know.
    return null;
  }
}

/** What Hetzner's error means for whoever called; a server error may come after the deed. */
function toError(status: number, json: unknown): ProvisionError {
  const parsed = errorSchema.safeParse(json);
  const { code, message } = parsed.success ? parsed.data.error : { code: '', message: '' };
  const text = `Hetzner’s API answered ${status}${code === '' ? '' : ` (${code}: ${message})`}.`;
  if (status === 429) {
    return new ProvisionError('later', text);
  }
  if (status === 404) {
    return new ProvisionError('not_found', text);
  }
  if (code === 'uniqueness_error') {
    return new ProvisionError('exists', text);
  }
  if (code === 'resource_unavailable' || code === 'placement_error') {
    return new ProvisionError('unavailable', text);
  }
  if (code === 'locked' || code === 'conflict' || code === 'maintenance') {
    return new ProvisionError('later', text);
  }
  return new ProvisionError(status >= 500 ? 'unknown_outcome' : 'refused', text);
}
