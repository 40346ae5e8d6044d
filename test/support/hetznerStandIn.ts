/** Hetzner Cloud on loopback: machines, prices and locations on the wire, and the faults of a real provider on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

export interface StandInServer {
  id: number;
  name: string;
  created: string;
  labels: Record<string, string>;
  location: string;
  userData: string;
}

/** What becomes of a call: an answer instead of the deed, or the deed without an answer. */
export type Fault = { status: number; code: string } | 'done_but_cut';

export interface HetznerStandIn {
  url: string;
  servers: StandInServer[];
  /** `POST /v1/servers`, in the order in which they came. */
  calls: string[];
  /** Taken one by one by calls of that method. */
  faults: { method: string; fault: Fault }[];
  /** Locations without free machines. */
  soldOut: Set<string>;
  close(): void;
}

const createSchema = z.object({
  name: z.string().regex(/^[a-z0-9-]{1,63}$/),
  server_type: z.literal('ccx23'),
  image: z.string(),
  location: z.string(),
  user_data: z.string().max(32_768),
  labels: z.record(z.string(), z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/)),
  start_after_create: z.boolean(),
});

const zones = { fsn1: 'eu-central', nbg1: 'eu-central', hel1: 'eu-central', ash: 'us-east', sin: 'ap-southeast' } as const;
const prices: Record<string, string> = {
  fsn1: '0.0400000000',
  nbg1: '0.0400000000',
  hel1: '0.0500000000',
  ash: '0.0100000000',
  sin: '0.0200000000',
};

/** Starts one that takes `token`. */
export async function startHetznerStandIn(token: string): Promise<HetznerStandIn> {
  let nextId = 1000;
  const standIn: HetznerStandIn = { url: '', servers: [], calls: [], faults: [], soldOut: new Set(), close: () => undefined };

  const answer = async (request: IncomingMessage): Promise<{ status: number; body?: unknown }> => {
    const url = new URL(request.url ?? '', 'http://host');
    const fail = (status: number, code: string) => ({ status, body: { error: { code, message: `${code}.`, details: {} } } });
    if (request.headers.authorization !== `Bearer ${token}`) {
      return fail(401, 'unauthorized');
    }
    if (request.method === 'POST' && url.pathname === '/v1/servers') {
      const parsed = createSchema.safeParse(JSON.parse(await text(request)));
      if (!parsed.success) {
        return fail(422, 'invalid_input');
      }
      const { name, labels, location, user_data: userData } = parsed.data;
      if (standIn.servers.some((server) => server.name === name)) {
        return fail(409, 'uniqueness_error');
      }
      if (standIn.soldOut.has(location)) {
        return fail(412, 'resource_unavailable');
      }
      const server = { id: (nextId += 1), name, created: new Date().toISOString(), labels, location, userData };
      standIn.servers.push(server);
      return { status: 201, body: { server, action: { id: 1, status: 'running' }, next_actions: [], root_password: null } };
    }
    if (request.method === 'DELETE') {
      const id = Number(url.pathname.split('/').at(-1));
      const index = standIn.servers.findIndex((server) => server.id === id);
      if (index < 0) {
        return fail(404, 'not_found');
      }
      standIn.servers.splice(index, 1);
      return { status: 200, body: { action: { id: 2, status: 'running' } } };
    }
    switch (url.pathname) {
      case '/v1/servers':
        return { status: 200, body: list(url) };
      case '/v1/server_types':
        return {
          status: 200,
          body: {
            server_types:
              url.searchParams.get('name') === 'ccx23'
                ? [
                    {
                      id: 1,
                      name: 'ccx23',
                      prices: Object.entries(prices).map(([location, net]) => ({ location, price_hourly: { net, gross: net } })),
                    },
                  ]
                : [],
          },
        };
      case '/v1/locations':
        return { status: 200, body: { locations: Object.entries(zones).map(([name, zone]) => ({ name, network_zone: zone })) } };
      default:
        return fail(404, 'not_found');
    }
  };
  const list = ({ searchParams }: URL) => {
    const [label, value] = (searchParams.get('label_selector') ?? '').split('==');
    const chosen = standIn.servers.filter(({ labels }) => labels[label ?? ''] === value);
    const [page, size] = [Number(searchParams.get('page') ?? 1), Math.min(50, Number(searchParams.get('per_page') ?? 25))];
    const isLast = page * size >= chosen.length;
    return {
      servers: chosen.slice((page - 1) * size, page * size),
      meta: { pagination: { page, per_page: size, next_page: isLast ? null : page + 1, total_entries: chosen.length } },
    };
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    standIn.calls.push(`${request.method} ${new URL(request.url ?? '', 'http://host').pathname}`);
    const index = standIn.faults.findIndex(({ method }) => method === request.method);
    const [planned] = index < 0 ? [] : standIn.faults.splice(index, 1);
    if (planned !== undefined && planned.fault !== 'done_but_cut') {
      const { status, code } = planned.fault;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { code, message: code } }));
      return;
    }
    const { status, body } = await answer(request);
    if (planned !== undefined) {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  standIn.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  standIn.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return standIn;
}
