/** Enrols, and takes one lease after the other until it is told to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Capabilities, describeFault, type Intervals, type TaskSpec } from '@carmic/contract';
import type { Logger } from 'pino';
import type { LogLines } from '../agentLog.ts';
import { type Env, exitCodes, StartError } from '../env.ts';
import type { Run } from '../ffmpeg/run.ts';
import { withRetry } from '../lease/retry.ts';
import { runLease } from '../lease/runLease.ts';
import { createServerClient, type ServerClient } from '../lease/serverClient.ts';
import type { SourceServer } from '../media/sourceServer.ts';
import type { TaskContext, TaskOutcome } from '../media/task.ts';
import type { AgentDirectory } from './agentDirectory.ts';
import { sendLog } from './sendLog.ts';

export interface AgentDeps {
  env: Env;
  version: string;
  directory: AgentDirectory;
  capabilities: () => Promise<Capabilities>;
  /** Calls the listener when what this host can do has changed. */
  onCapabilitiesChange: (listener: () => void) => void;
  sources: SourceServer;
  run: Run;
  runTask: (spec: TaskSpec, context: TaskContext) => Promise<TaskOutcome>;
  log: Logger;
  /** What of the log the server is to be told. */
  logLines: LogLines;
}

/** How an agent is told to end. */
export interface Ending {
  /** Aborts when no task is to be taken any more. */
  readonly stopping: AbortSignal;
  /** Aborts when running tasks are to be handed back, at once or some time later. */
  readonly draining: AbortSignal;
}

/** Works until `stopping` aborts and no task runs any more. Throws StartError when the server refuses the agent. */
export async function runAgent(deps: AgentDeps, ending: Ending): Promise<void> {
  const { stopping } = ending;
  let token = deps.directory.readToken();
  const client = createServerClient(
    deps.env.CARMIC_SERVER_URL,
    () => token,
    () => deps.directory.beat(),
  );
  const enrol = async () => {
    const enrolled = await enrolWith(deps, client, token, stopping);
    token = enrolled.token;
    return enrolled.intervals;
  };
  let intervals = await enrol();
  deps.onCapabilitiesChange(() => {
    announceChange(deps, client, stopping).catch((error: unknown) => deps.log.warn({ err: error }, 'the server was not told of a change'));
  });
  // One at a time: several slots may learn at once that the server does not know this agent any more.
  let enrolling: Promise<unknown> | null = null;
  const enrolAgain = () => {
    enrolling ??= enrol()
      .then((fresh) => {
        intervals = fresh;
      })
      .finally(() => {
        enrolling = null;
      });
    return enrolling;
  };
  let { kinds } = await deps.capabilities();
  // A speech model that has arrived makes another kind of work possible.
  deps.onCapabilitiesChange(() => {
    deps.capabilities().then(
      (able) => {
        kinds = able.kinds;
      },
      (error: unknown) => deps.log.warn({ err: error }, 'what this agent can do could not be found out'),
    );
  });
  const slots = Array.from({ length: deps.env.CARMIC_AGENT_SLOTS }, async () => {
    while (!stopping.aborted) {
      await takeOne(deps, client, kinds, () => intervals, ending, enrolAgain);
    }
  });
  const ended = new AbortController();
  const sending = sendLog(client, deps.logLines, ended.signal);
  try {
    await Promise.all(slots);
  } finally {
    ended.abort();
    await sending;
  }
}

/** Tells the server what this host can do now; it is shown to administrators. */
async function announceChange({ version, capabilities }: AgentDeps, client: ServerClient, signal: AbortSignal): Promise<void> {
  const able = await capabilities();
  await withRetry(() => client.announce({ version, capabilities: able }), { signal, retries: 5 });
}

async function takeOne(
  deps: AgentDeps,
  client: ServerClient,
  kinds: Capabilities['kinds'],
  intervals: () => Intervals,
  { stopping, draining }: Ending,
  enrolAgain: () => Promise<unknown>,
): Promise<void> {
  try {
    const lease = await withRetry(() => client.lease(kinds, intervals().pollSeconds, stopping), {
      signal: stopping,
      onRetry: (error, attempt) => deps.log.warn({ reason: error.message, attempt }, 'the server does not answer'),
    });
    if (lease !== null) {
      const { sources, run, runTask, log } = deps;
      const renewSeconds = () => intervals().renewSeconds;
      await runLease(lease, { client, sources, run, runTask, scratch: deps.directory.scratch, renewSeconds, draining, log });
    }
  } catch (error) {
    if (stopping.aborted) {
      return;
    }
    if (error instanceof ApiError && error.status === 401) {
      deps.log.warn('the server does not know this agent any more');
      await enrolAgain();
      return;
    }
    if (error instanceof StartError) {
      throw error;
    }
    deps.log.error({ err: error }, 'taking a task failed');
    client.reportFault(describeFault(error)).catch(() => undefined);
    await sleep(2000, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** Announces itself with the saved token; without one, or when it counts no more, registers with the enrolment code. */
async function enrolWith(
  { env, version, directory, capabilities, log }: AgentDeps,
  client: ServerClient,
  token: string | null,
  signal: AbortSignal,
): Promise<{ token: string; intervals: Intervals }> {
  const onRetry = (error: Error, attempt: number) => log.warn({ reason: error.message, attempt }, 'the server does not answer yet');
  const able = await capabilities();
  if (token !== null) {
    try {
      const { agentId, intervals } = await withRetry(() => client.announce({ version, capabilities: able }), { signal, onRetry });
      log.info({ agentId }, 'announced');
      return { token, intervals };
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) {
        throw error;
      }
      log.warn('the saved token does not count any more');
    }
  }
  const code = env.CARMIC_ENROLMENT_CODE;
  if (code === undefined) {
    throw new StartError(
      exitCodes.refused,
      `This agent is not enrolled. Create an enrolment code in the console (Agents) and start it with CARMIC_ENROLMENT_CODE set.`,
    );
  }
  try {
    const body = { enrolmentCode: code, name: env.CARMIC_AGENT_NAME, version, capabilities: able };
    const { agentId, token: fresh, intervals } = await withRetry(() => client.register(body), { signal, onRetry });
    directory.saveToken(fresh);
    log.info({ agentId }, 'enrolled');
    return { token: fresh, intervals };
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) {
      throw new StartError(
        exitCodes.refused,
        `The server refuses the enrolment code: ${error.message} Create a new one in the console (Agents).`,
      );
    }
    throw error;
  }
}
