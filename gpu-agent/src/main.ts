/**
 * Starts the agent, and ends it: after the first signal no task is taken and running ones have CARMIC_AGENT_DRAIN_SECONDS to end before they
 * are handed back; the second signal (or a parent that is gone) ends everything at once.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import tls from 'node:tls';
import type { Capabilities } from '@carmic/contract';
import type { Logger } from 'pino';
import { type Ending, runAgent } from './agent/agent.ts';
import { openAgentDirectory } from './agent/agentDirectory.ts';
import { probeFfmpeg, requireX264 } from './capabilities/probeCapabilities.ts';
import { createEncoderPool } from './encoders/encoderPool.ts';
import { createAgentLog, type LogLines } from './agentLog.ts';
import { encoderFamiliesOf, type Env, exitCodes, readEnv, StartError } from './env.ts';
import { openProcessRegister, type ProcessRegister } from './ffmpeg/processRegister.ts';
import { createRunner } from './ffmpeg/run.ts';
import { findSandbox } from './ffmpeg/sandbox.ts';
import { createFramer } from './framing/framer.ts';
import { startSourceServer } from './media/sourceServer.ts';
import { runTask } from './tasks/runTask.ts';
import { createPcmDecoder } from './tasks/transcribe.ts';
import { keepModels } from './transcribe/keepModels.ts';
import { createPictureJudge } from './pictures/pictureJudge.ts';
import { createLocalTranscriber } from './transcribe/localTranscriber.ts';

async function main(): Promise<void> {
  // Whatever this process calls. Keeps: S2.
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  const env = readEnv(process.env);
  const { log, lines } = createAgentLog(env);
  const directory = await openAgentDirectory(env.CARMIC_AGENT_DIR);
  const register = openProcessRegister(directory.processes);
  const ending = listenForTheEnd(env, register, log);
  try {
    await serve(env, directory, register, ending, { log, lines });
  } catch (error) {
    if (!ending.stopping.aborted) {
      throw error;
    }
  } finally {
    register.killAll();
    await directory.close();
  }
  log.info('ended');
}

async function serve(
  env: Env,
  directory: Awaited<ReturnType<typeof openAgentDirectory>>,
  register: ProcessRegister,
  ending: Ending,
  { log, lines }: { log: Logger; lines: LogLines },
): Promise<void> {
  const sources = await startSourceServer(directory.sourceSocket);
  const memoryBytes = env.CARMIC_AGENT_TASK_MEMORY_MB * 1024 * 1024;
  const sandbox = await findSandbox({ memoryBytes, source: sources }, env.FFMPEG_PATH, directory.scratch);
  const run = createRunner({
    ffmpegPath: env.FFMPEG_PATH,
    ffprobePath: env.FFPROBE_PATH,
    sandbox,
    register,
    log,
    nice: env.CARMIC_AGENT_NICE,
  });
  const framer = createFramer(log, env.CARMIC_AGENT_NICE);
  try {
    const ffmpeg = await probeFfmpeg(run, directory.scratch);
    log.info({ ffmpeg: ffmpeg.version, sandbox: sandbox.description, slots: env.CARMIC_AGENT_SLOTS }, 'ready to work');
    const families = encoderFamiliesOf(env.CARMIC_AGENT_ENCODERS);
    const encoders = await createEncoderPool({ run, scratch: directory.scratch, slots: env.CARMIC_AGENT_SLOTS, families, log });
    requireX264(encoders.describe(), ffmpeg.version);
    const pictureJudge = env.CARMIC_AGENT_PICTURE_CHECK === 'on' ? createPictureJudge(env.CARMIC_AGENT_NICE) : null;
    const transcriber = createLocalTranscriber({
      modelsDir: env.CARMIC_MODELS_DIR ?? null,
      log,
      decodePcm: createPcmDecoder(run),
      nice: env.CARMIC_AGENT_NICE,
    });
    const downloads = keepModels({ env, signal: ending.stopping, log });
    const capabilities = async (): Promise<Capabilities> => {
      const transcriptionModels = await transcriber.models();
      return {
        kinds: transcriptionModels.length > 0 ? ['inspect', 'transcribe', 'render'] : ['inspect', 'render'],
        ffmpegVersion: ffmpeg.version,
        encoders: encoders.describe(),
        transcriptionModels,
        modelDownloads: downloads.list(),
        cpuCount: availableParallelism(),
        sandbox: sandbox.description,
        confinement: sandbox.state,
      };
    };
    const tools = { render: { canToneMap: ffmpeg.canToneMap, framer, encoders }, transcriber, pictureJudge };
    const version = readVersion();
    await runAgent(
      {
        env,
        version,
        directory,
        capabilities,
        onCapabilitiesChange(listener) {
          encoders.onChange(listener);
          downloads.onChange(listener);
        },
        sources,
        run,
        log,
        logLines: lines,
        runTask: (spec, context) => runTask(spec, context, tools),
      },
      ending,
    );
  } finally {
    await framer.close();
    await sources.close();
  }
}

/** Answers the signals that abort when the agent is to end; what has to end at once ends the process here. */
function listenForTheEnd(env: Env, register: ProcessRegister, log: Logger): Ending {
  const stopping = new AbortController();
  const draining = new AbortController();
  const endNow = (why: string) => {
    log.warn({ why }, 'ending at once');
    register.killAll();
    process.exit(exitCodes.killed);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) {
      endNow(signal);
      return;
    }
    const reason = new Error(`The agent ends (${signal}).`);
    const graceSeconds = env.CARMIC_AGENT_DRAIN_SECONDS;
    log.info({ signal, graceSeconds }, 'draining: no task is taken any more; running ones end or are handed back');
    stopping.abort(reason);
    if (graceSeconds === 0) {
      draining.abort(reason);
    } else {
      setTimeout(() => draining.abort(reason), graceSeconds * 1000).unref();
    }
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  process.on('exit', () => register.killAll());
  if (env.CARMIC_AGENT_PARENT_PIPE === '1') {
    process.stdin.on('end', () => endNow('the parent is gone')).on('error', () => endNow('the parent is gone'));
    process.stdin.resume();
  }
  return { stopping: stopping.signal, draining: draining.signal };
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}

main().then(
  // The pipe from the parent would keep the process alive.
  () => process.exit(exitCodes.ok),
  (error: unknown) => {
    const isExpected = error instanceof StartError;
    process.stderr.write(`${isExpected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(isExpected ? error.exitCode : exitCodes.failure);
  },
);
