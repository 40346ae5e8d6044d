import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  type Capabilities,
  type ErrorCode,
  errorStatus,
  type Intervals,
  type OutputName,
  outputContentType,
  type RouteInput,
  routes,
  taskOutputs,
  type TaskSpec,
} from '@carmic/contract';
import { parseRange } from '../../src/media/sourceServer.ts';

export interface ServedTask {
  id: string;
  spec: TaskSpec;
  attempt: number;
  state: 'queued' | 'leased' | 'done' | 'failed' | 'cancelled';
  leaseToken: string | null;
  progress: number[];
  notes: string[];
  renewals: number;
  releases: number;
  failure: RouteInput<'failLease'>['body'] | null;
  completion: RouteInput<'completeLease'>['body'] | null;
  stored: Map<string, Buffer>;
}

/** A small server that speaks the agents' part of the contract over HTTP, and stores what agents put. */
export interface ContractServer {
  readonly url: string;
  readonly tasks: ServedTask[];
  readonly tokens: Set<string>;
  capabilities: Capabilities | null;
  intervals: Intervals;
  /** Answers of routes are replaced by this while it is set; null lets the route answer. */
  intercept: ((route: string) => { status: number; headers?: Record<string, string>; body?: string } | null) | null;
  addTask(build: (sourceUrl: string, sizeBytes: number) => TaskSpec, source: Buffer): ServedTask;
  /** Stops listening and drops every connection; `resume` listens on the same port again. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

export const enrolmentCode = 'code-for-one-agent';

/** Starts the server on a free loopback port. */
export async function startContractServer(): Promise<ContractServer> {
  const sources = new Map<string, Buffer>();
  let port = 0;
  let http: Server | null = null;
  const server: ContractServer = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    tasks: [],
    tokens: new Set(),
    capabilities: null,
    intervals: { leaseSeconds: 20, renewSeconds: 0.3, pollSeconds: 1 },
    intercept: null,
    addTask(build, source) {
      const id = randomUUID();
      sources.set(id, source);
      const task: ServedTask = {
        id,
        spec: build(`${this.url}/storage/source/${id}`, source.length),
        attempt: 0,
        state: 'queued',
        leaseToken: null,
        progress: [],
        notes: [],
        renewals: 0,
        releases: 0,
        failure: null,
        completion: null,
        stored: new Map(),
      };
      this.tasks.push(task);
      return task;
    },
    async pause() {
      if (http) {
        const closed = once(http, 'close');
        http.close();
        http.closeAllConnections();
        await closed;
        http = null;
      }
    },
    async resume() {
      http = createServer((request, response) => {
        answer(server, sources, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
      });
      http.listen(port, '127.0.0.1');
      await once(http, 'listening');
      const address = http.address();
      port = typeof address === 'object' && address !== null ? address.port : 0;
    },
    close: () => server.pause(),
  };
  await server.resume();
  return server;
}

async function answer(
  server: ContractServer,
  sources: ReadonlyMap<string, Buffer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? '';
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const body = Buffer.concat(chunks);
  if (path.startsWith('/storage/')) {
    serveStorage(server, sources, request, response, body);
    return;
  }
  const found = Object.entries(routes).find(([, route]) => route.method === request.method && matches(route.path, path));
  if (!found) {
    sendError(response, 'not_found');
    return;
  }
  const [name, route] = found;
  const intercepted = server.intercept?.(name);
  if (intercepted) {
    response.writeHead(intercepted.status, intercepted.headers).end(intercepted.body ?? '');
    return;
  }
  const parsed: unknown = 'body' in route ? route.body.parse(JSON.parse(body.toString('utf8'))) : undefined;
  const reply = await respond(server, name, path.split('/').at(5), request, parsed);
  if (typeof reply === 'string') {
    sendError(response, reply);
    return;
  }
  const text = route.status === 204 ? '' : JSON.stringify(route.reply.parse(reply));
  response.writeHead(route.status, { 'content-type': 'application/json' }).end(text);
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+')}$`).test(path);
}

async function respond(
  server: ContractServer,
  name: string,
  id: string | undefined,
  request: IncomingMessage,
  body: unknown,
): Promise<object | ErrorCode> {
  if (name === 'registerAgent') {
    const { enrolmentCode: code, capabilities } = body as RouteInput<'registerAgent'>['body'];
    if (code !== enrolmentCode) {
      return 'unauthenticated';
    }
    const token = randomUUID();
    server.tokens.add(token);
    server.capabilities = capabilities;
    return { agentId: randomUUID(), token, intervals: server.intervals };
  }
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!server.tokens.has(token)) {
    return 'unauthenticated';
  }
  if (name === 'announceAgent') {
    return { agentId: randomUUID(), intervals: server.intervals };
  }
  if (name === 'createLease') {
    return lease(server, body as RouteInput<'createLease'>['body'], request);
  }
  const task = server.tasks.find((candidate) => candidate.id === id);
  return task ? holdLease(server, task, name, body) : 'lease_lost';
}

async function lease(
  server: ContractServer,
  { kinds, waitSeconds }: RouteInput<'createLease'>['body'],
  request: IncomingMessage,
): Promise<object> {
  for (let waited = 0; waited <= waitSeconds * 1000 && !request.socket.destroyed; waited += 25) {
    const task = server.tasks.find((candidate) => candidate.state === 'queued' && kinds.includes(candidate.spec.kind));
    if (task) {
      task.state = 'leased';
      task.attempt += 1;
      task.leaseToken = randomUUID();
      return {
        lease: {
          taskId: task.id,
          attempt: task.attempt,
          leaseToken: task.leaseToken,
          expiresAt: expiry(server),
          spec: task.spec,
          outputs: slotsOf(server, task),
        },
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return { lease: null };
}

function holdLease(server: ContractServer, task: ServedTask, name: string, body: unknown): object | ErrorCode {
  const { leaseToken } = body as { leaseToken: string };
  if (task.leaseToken !== leaseToken || (task.state !== 'leased' && task.state !== 'cancelled')) {
    return 'lease_lost';
  }
  if (name === 'renewLease') {
    const { progress, note } = body as RouteInput<'renewLease'>['body'];
    task.renewals += 1;
    task.progress.push(progress);
    task.notes.push(note ?? '');
    return {
      expiresAt: expiry(server),
      isCancelled: task.state === 'cancelled',
      sourceUrl: task.state === 'cancelled' ? null : task.spec.source.url,
      outputs: slotsOf(server, task),
    };
  }
  if (name === 'releaseLease') {
    task.releases += 1;
    task.leaseToken = null;
    task.state = task.state === 'cancelled' ? 'cancelled' : 'queued';
    task.attempt -= 1;
    return {};
  }
  task.leaseToken = null;
  if (name === 'failLease') {
    task.failure = body as RouteInput<'failLease'>['body'];
    task.state = 'failed';
    return {};
  }
  task.completion = body as RouteInput<'completeLease'>['body'];
  task.state = 'done';
  return {};
}

function expiry({ intervals }: ContractServer): string {
  return new Date(Date.now() + intervals.leaseSeconds * 1000).toISOString();
}

function slotsOf(server: ContractServer, task: ServedTask): object[] {
  const { required, optional } = taskOutputs[task.spec.kind];
  return [...required, ...optional].map((name: OutputName) => ({
    name,
    url: `${server.url}/storage/output/${task.id}/${name}`,
    contentType: outputContentType[name],
    maxBytes: 2_000_000_000,
  }));
}

function serveStorage(
  server: ContractServer,
  sources: ReadonlyMap<string, Buffer>,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): void {
  const [, , kind = '', id = '', name = ''] = (request.url ?? '').split('/');
  if (kind === 'output' && request.method === 'PUT') {
    server.tasks.find((task) => task.id === id)?.stored.set(name, body);
    response.writeHead(200).end();
    return;
  }
  const source = sources.get(id) ?? Buffer.alloc(0);
  const range = parseRange(request.headers.range, source.length);
  if (range === null || range === 'unsatisfiable') {
    response.writeHead(416).end();
    return;
  }
  response.writeHead(206).end(source.subarray(range.start, range.end));
}

function sendError(response: ServerResponse, code: ErrorCode): void {
  const body = { error: { code, message: `The server says ${code}.`, requestId: 'request-1' } };
  response.writeHead(errorStatus[code], { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The digest an agent has to tell of what it put. */
export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
