/** Builds everything once and starts the processes asked for: migrate, web, worker. operate/program.ts is the command around it. */
import tls from 'node:tls';
import { createServer, type Server } from 'node:http';
import { eventTypes } from '@carmic/contract';
import { createFindByApiKey, createFindPerson } from './accounts/findCaller.ts';
import { sessionPrefix } from './accounts/sessions.ts';
import { createLocalSession, createSignInLink, ensureAdministrator } from './accounts/signIn.ts';
import { auditHandlers } from './admin/auditEntries.ts';
import { suspensionHandlers } from './admin/suspension.ts';
import { createMetrics, type Metrics } from './admin/operations/metrics.ts';
import { startOperations } from './admin/operations/operationsServer.ts';
import { apiKeyPrefix } from './accounts/apiKeys.ts';
import { findDirectory } from './accounts/directory/findDirectory.ts';
import { directoryHandlers } from './accounts/directory/routes.ts';
import { directoryPrefix } from './accounts/signOn/providers.ts';
import { accountHandlers, peopleHandlers, workspaceHandlers } from './accounts/routes.ts';
import { createSettingsCache } from './accounts/settings.ts';
import { agentPrefix, createEnrolment, findAgent } from './agents/enrol.ts';
import { overviewHandlers } from './admin/overview/routes.ts';
import { setupHandlers } from './admin/setup/routes.ts';
import { systemHandlers } from './admin/system/routes.ts';
import { createAgentHandlers } from './agents/routes.ts';
import { extendLeases } from './agents/watchTasks.ts';
import { billingHandlers } from './billing/routes.ts';
import { buildDeps, explainAway } from './buildDeps.ts';
import { clipHandlers, provingRoutes } from './clips/routes.ts';
import { boundHeap } from './core/boundHeap.ts';
import { type Env, readEnv } from './core/env.ts';
import { StartError } from './core/errors.ts';
import { createLog, type Log } from './core/log.ts';
import type { ProcessName } from './core/processNames.ts';
import { dataMap } from './dataMap.ts';
import { migrate } from './db/migrate.ts';
import { createRolesAndDatabase } from './db/roles.ts';
import type { Deps } from './deps.ts';
import { type ReportFault, reportThrown } from './egress/errorReports.ts';
import { createRelay } from './events/relay.ts';
import { createConsole } from './http/console.ts';
import { createApp } from './http/createApp.ts';
import { eventHandlers } from './http/eventRoutes.ts';
import type { Handlers } from './http/request.ts';
import { createWellKnown } from './http/wellKnown.ts';
import { presentInstance } from './instance.ts';
import { departmentHandlers } from './library/departmentRoutes.ts';
import { libraryHandlers } from './library/routes.ts';
import { storageHandlers } from './library/storageRoutes.ts';
import { isExpected, readableSeconds } from './library/storedObjects.ts';
import { logFields } from './logFields.ts';
import { defineJobs, deliverEvent, specBuilders, wakingEvents } from './pipeline.ts';
import { deferContinue } from './storage/continueLater.ts';
import { createMailPages } from './privacy/mail/mailPages.ts';
import { consentHandlers } from './privacy/mail/routes.ts';
import { createPolicyPages } from './privacy/policy/policyPages.ts';
import { thirdPartyHandlers } from './privacy/thirdParties/routes.ts';
import { errorReportHandlers } from './privacy/errorReportRoutes.ts';
import { announceParties } from './privacy/thirdParties/announce.ts';
import { watchEgress } from './privacy/thirdParties/watchEgress.ts';
import { replayJournal } from './retention/erasure/journal.ts';
import { privacyRequestHandlers } from './privacy/requestRoutes.ts';
import { archiveHandlers } from './privacy/archiveRoutes.ts';
import { defineArchiveJobs } from './privacy/archive/archives.ts';
import { createDataMapHandlers } from './privacy/dataMapRoutes.ts';
import { publishReceiptKey } from './retention/receipts/signer.ts';
import { retentionHandlers } from './retention/routes.ts';
import { createStorageMiddleware } from './storage/routes.ts';
import type { ServedStore } from './storage/servedStore.ts';
import { understandingHandlers } from './understanding/routes.ts';
import { queueDeliveries } from './webhooks/deliver.ts';
import { webhookHandlers } from './webhooks/routes.ts';

export interface RunningServer {
  readonly deps: Deps;
  readonly baseUrl: string;
  readonly port: number;
  /** Port of probes and metrics; null when CARMIC_OPERATIONS_PORT is not set. */
  readonly operationsPort: number | null;
  /** The one-time link for the first administrator; null once they have a password. */
  signInLink(): Promise<string | null>;
  /** A code with which one agent can enrol. */
  enrolmentCode(): Promise<string>;
  /** A session of the first administrator, for programs on this machine. */
  localSessionToken(): Promise<string>;
  /** Rejects when the server cannot go on by itself. */
  readonly failed: Promise<never>;
  /** Ends in order: no new requests, waiting ones answered, jobs finished, database closed. */
  close(): Promise<void>;
}

const drainMs = 10_000;

/** Starts the server. Throws StartError with one sentence for whatever the operator must mend. */
export async function startServer(options: {
  env: Record<string, string | undefined>;
  processes: readonly ProcessName[];
  log?: Log;
}): Promise<RunningServer> {
  boundHeap();
  // Whatever this process calls. Keeps: S2.
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  const env = readEnv(options.env);
  let report: ReportFault = () => undefined;
  const log =
    options.log ??
    createLog({ level: env.CARMIC_LOG_LEVEL, file: env.CARMIC_LOG_FILE, onFault: (err, route) => reportThrown(report, err, route) });
  if (options.processes.includes('migrate')) {
    await runMigrations(env, log);
  }
  let baseUrl = env.CARMIC_BASE_URL ?? '';
  const { deps, storage, columnKeys } = await buildDeps(env, log, { baseUrl: () => baseUrl, isStorageTried: true });
  report = deps.reportFault;
  const closers: (() => Promise<void>)[] = [() => deps.db.close()];
  const forgetColumnKeys = columnKeys.keepFresh((error) => log.warn({ err: error }, 'the keys of columns could not be read again'));
  closers.push(() => Promise.resolve(forgetColumnKeys()));
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) {
      await closer();
    }
  };
  try {
    await ensureAdministrator(deps);
    await publishReceiptKey(deps.db, deps.receipts);
    await replayJournal(deps);
    await announceParties(deps);
    const keeper = await watchEgress(deps);
    closers.push(() => keeper.close());
    const metrics = createMetrics(deps);
    defineJobs(deps, { hasCallers: options.processes.includes('web') ? metrics.hasCallers : null });
    defineArchiveJobs(deps, dataMap);
    const stopping = new AbortController();
    const operations = await startOperationsIfAsked(deps, metrics, stopping.signal, options.processes);
    if (operations !== null) {
      closers.push(() => operations.close());
    }
    let port = 0;
    let fail: (error: Error) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => undefined);
    if (options.processes.includes('web')) {
      await extendLeases(deps);
      const web = await startWeb(deps, storage, metrics, () => baseUrl, fail);
      closers.push(web.close);
      port = web.port;
      baseUrl ||= `http://${env.CARMIC_HOST === '0.0.0.0' || env.CARMIC_HOST === '::' ? 'localhost' : env.CARMIC_HOST}:${port}`;
    }
    if (options.processes.includes('worker')) {
      closers.push(await startWorker(deps));
    }
    closers.push(() => {
      stopping.abort();
      return Promise.resolve();
    });
    return {
      deps,
      baseUrl,
      port,
      operationsPort: operations?.port ?? null,
      async signInLink() {
        const token = await createSignInLink(deps);
        return token === null ? null : `${baseUrl}/#/sign-in?token=${token}`;
      },
      enrolmentCode: async () => (await createEnrolment(deps, null)).code,
      localSessionToken: () => createLocalSession(deps),
      failed,
      close,
    };
  } catch (error) {
    await close();
    throw explainAway(error);
  }
}

async function runMigrations(env: Env, log: Log): Promise<void> {
  if (env.CARMIC_MIGRATION_DATABASE_URL === undefined) {
    throw new StartError('CARMIC_MIGRATION_DATABASE_URL is missing: the migrate process needs the database owner’s URL.');
  }
  try {
    if (env.CARMIC_SUPERUSER_DATABASE_URL !== undefined) {
      await createRolesAndDatabase(env.CARMIC_SUPERUSER_DATABASE_URL, {
        owner: passwordOf(env.CARMIC_MIGRATION_DATABASE_URL),
        app: passwordOf(env.CARMIC_DATABASE_URL),
      });
    }
    const names = await migrate(env.CARMIC_MIGRATION_DATABASE_URL, env.CARMIC_DATABASE_URL);
    log.info({ migrations: names }, 'the schema is up to date');
  } catch (error) {
    throw explainAway(error);
  }
}

const passwordOf = (url: string) => decodeURIComponent(new URL(url).password);

function buildHandlers(): Handlers {
  return {
    getInstance: ({ deps }) => presentInstance(deps),
    ...accountHandlers,
    ...workspaceHandlers,
    ...peopleHandlers,
    ...directoryHandlers,
    ...webhookHandlers,
    ...consentHandlers,
    ...thirdPartyHandlers,
    ...errorReportHandlers,
    ...auditHandlers,
    ...suspensionHandlers,
    ...libraryHandlers,
    ...departmentHandlers,
    ...createAgentHandlers(specBuilders, logFields),
    ...understandingHandlers,
    ...clipHandlers,
    ...retentionHandlers,
    ...billingHandlers,
    ...storageHandlers,
    ...overviewHandlers,
    ...setupHandlers,
    ...systemHandlers,
    ...eventHandlers,
    ...createDataMapHandlers(dataMap),
    ...archiveHandlers,
    ...privacyRequestHandlers,
  };
}

/** A process that serves or works has the operators' port, where it is set; commands have none. */
async function startOperationsIfAsked(deps: Deps, metrics: Metrics, stopping: AbortSignal, processes: readonly ProcessName[]) {
  const { CARMIC_OPERATIONS_HOST: host, CARMIC_OPERATIONS_PORT: port } = deps.env;
  return port === undefined || !processes.some((name) => name !== 'migrate')
    ? null
    : startOperations(deps, { host, port, metrics, stopping });
}

async function startWeb(
  deps: Deps,
  storage: ServedStore,
  metrics: Metrics,
  baseUrl: () => string,
  fail: (error: Error) => void,
): Promise<{ port: number; close: () => Promise<void> }> {
  const { env, log } = deps;
  const stopping = new AbortController();
  const findPerson = createFindPerson(deps);
  const findByApiKey = createFindByApiKey(deps);
  const app = createApp({
    deps,
    handlers: buildHandlers(),
    baseUrl,
    stopping: stopping.signal,
    observe: metrics.observe,
    settings: createSettingsCache(deps),
    storageOrigin: storage.place.origin,
    provingRoutes,
    async authenticate(token, workspaceId, call) {
      if (token.startsWith(agentPrefix)) {
        return findAgent(deps, token);
      }
      if (token.startsWith(apiKeyPrefix)) {
        return findByApiKey(token, null, call);
      }
      if (token.startsWith(directoryPrefix)) {
        return findDirectory(deps, token);
      }
      return token.startsWith(sessionPrefix) ? findPerson(token, workspaceId, call) : null;
    },
    beforeBody: [
      createStorageMiddleware({
        store: storage,
        log,
        readableSeconds: (key) => readableSeconds(deps, key),
        mayWrite: ({ key }) => isExpected(deps, key),
      }),
    ],
    afterApi: [
      createWellKnown(deps),
      createMailPages(deps),
      createPolicyPages(deps),
      ...(env.CARMIC_CONSOLE_DIR === undefined ? [] : [createConsole(env.CARMIC_CONSOLE_DIR)]),
    ],
  });
  const headersMs = env.CARMIC_CLIENT_HEADERS_SECONDS * 1000;
  const server = createServer({ headersTimeout: headersMs, connectionsCheckingInterval: headersMs / 4 }, app.callback());
  deferContinue(server, app.callback());
  server.requestTimeout = 0;
  // Longer than browsers and proxies think before they ask again: what is sent on a connection that is just being closed fails.
  server.keepAliveTimeout = 75_000;
  const port = await listen(server, env);
  server.on('error', fail);
  log.info({ port }, 'listening');
  return {
    port,
    async close() {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearTimeout(force);
    },
  };
}

function listen(server: Server, env: Env): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? `Port ${env.CARMIC_PORT} is in use by another program: stop it, or choose another port.`
          : `Listening on ${env.CARMIC_HOST}:${env.CARMIC_PORT} is not possible: ${error.message}`;
      reject(new StartError(reason));
    });
    server.listen(env.CARMIC_PORT, env.CARMIC_HOST, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : env.CARMIC_PORT);
    });
  });
}

async function startWorker(deps: Deps): Promise<() => Promise<void>> {
  const relay = createRelay({
    db: deps.db,
    log: deps.log,
    committed: deps.committed,
    reader: 'pipeline',
    types: wakingEvents,
    deliver: (event) => deliverEvent(deps, event),
  });
  await deps.jobs.start();
  relay.start();
  const webhooks = createRelay({
    db: deps.db,
    log: deps.log,
    committed: deps.committed,
    reader: 'webhooks',
    types: eventTypes.filter((type) => !type.startsWith('webhook.')),
    deliver: (event) => queueDeliveries(deps, event),
  });
  webhooks.start();
  return async () => {
    await Promise.all([relay.stop(), webhooks.stop()]);
    await deps.jobs.drain();
  };
}

/** Runs these processes until a signal; `migrate` alone ends by itself. */
export async function runProcesses(environment: Record<string, string | undefined>, processes: readonly ProcessName[]): Promise<void> {
  const server = await startServer({ env: environment, processes });
  if (processes.every((name) => name === 'migrate')) {
    await server.close();
    return;
  }
  const stop = () => {
    const force = setTimeout(() => process.exit(1), 30_000);
    force.unref();
    void server.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
