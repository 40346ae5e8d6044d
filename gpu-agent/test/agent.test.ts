import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { inspectResultSchema, type Probe, type TaskSpec } from '@carmic/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AgentProcess, processesNaming, startAgentProcess, until, withNetworks } from './support/agentProcess.ts';
import { type ContractServer, enrolmentCode, sha256Of, startContractServer } from './support/contractServer.ts';
import { makeFolder, makeMedia, pictureAndTone } from './support/media.ts';

const folder = makeFolder();
let short: Buffer;
let long: Buffer;
let server: ContractServer;
let agentDir: string;
let agents: AgentProcess[] = [];
let count = 0;

const probe: Probe = {
  container: 'mov',
  durationSeconds: 15,
  width: 640,
  height: 360,
  frameRate: 25,
  rotationDegrees: 0,
  videoCodec: 'h264',
  isHdr: false,
  audioCodec: 'aac',
  audioChannels: 1,
};
const inspectSpec = (url: string, sizeBytes: number): TaskSpec => ({
  kind: 'inspect',
  source: { url, sizeBytes },
  fileName: 'a.mp4',
  limits: { durationSeconds: 600, framePixels: 4_000_000 },
});
/** Long enough that something can happen while it is encoded. */
const longRender = (url: string, sizeBytes: number): TaskSpec => ({
  kind: 'render',
  source: { url, sizeBytes },
  probe,
  segments: [{ startSeconds: 0, endSeconds: 7 }],
  output: { width: 1080, height: 1920, maxFrameRate: 30 },
  captions: null,
  loudness: { integratedLufs: -14, truePeakDbtp: -1 },
});

async function start(env: Record<string, string> = {}): Promise<AgentProcess> {
  const agent = await startAgentProcess({
    CARMIC_SERVER_URL: server.url,
    CARMIC_AGENT_DIR: agentDir,
    CARMIC_ENROLMENT_CODE: enrolmentCode,
    ...env,
  });
  agents.push(agent);
  return agent;
}

const nameOf = (pid: number) => (existsSync(`/proc/${pid}/comm`) ? readFileSync(`/proc/${pid}/comm`, 'utf8').trim() : '');
const scratch = () => readdirSync(join(agentDir, 'scratch')).filter((name) => name !== 'source.sock');

beforeAll(async () => {
  short = readFileSync(await makeMedia(join(folder.path, 'short.mp4'), pictureAndTone({ seconds: 3 })));
  long = readFileSync(await makeMedia(join(folder.path, 'long.mp4'), pictureAndTone({ seconds: 15 })));
}, 60_000);
beforeEach(async () => {
  server = await startContractServer();
  count += 1;
  agentDir = join(folder.path, `agent-${count}`);
  mkdirSync(agentDir);
});
afterEach(async () => {
  for (const { child, exited } of agents) {
    child.kill('SIGKILL');
    await exited;
  }
  agents = [];
  await server.close();
});
afterAll(() => folder.remove());

describe('an agent process', () => {
  it('enrols, does a task, stores what it made and says so', async () => {
    const task = server.addTask(inspectSpec, short);
    const agent = await start({ CARMIC_AGENT_ENCODERS: 'auto' });
    await until(() => task.state === 'done' || task.state === 'failed', agent.output);
    expect(task.failure).toBeNull();
    expect(inspectResultSchema.parse(task.completion?.result).probe.width).toBe(640);
    expect(task.completion?.outputs.map((output) => output.name).sort()).toEqual(['analysis', 'audio', 'proxy', 'thumbnail']);
    for (const output of task.completion?.outputs ?? []) {
      const stored = task.stored.get(output.name) ?? Buffer.alloc(0);
      expect({ size: stored.length, sha256: sha256Of(stored) }).toEqual({ size: output.sizeBytes, sha256: output.sha256 });
    }
    expect(server.capabilities?.encoders.find((encoder) => encoder.name === 'libx264')?.works).toBe(true);
    expect(statSync(join(agentDir, 'token')).mode & 0o777).toBe(0o600);
    await until(() => scratch().length === 0, agent.output, 1000);
  });

  it('comes back with its token, without the code', async () => {
    const first = await start();
    await until(() => server.tokens.size === 1, first.output);
    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    const task = server.addTask(inspectSpec, short);
    const second = await start({ CARMIC_ENROLMENT_CODE: '' });
    await until(() => task.state === 'done', second.output);
    expect(server.tokens.size).toBe(1);
  });

  it('fails a task with a typed code and takes the next', async () => {
    const bad = server.addTask(inspectSpec, Buffer.from('#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/secret\n'));
    const good = server.addTask(inspectSpec, short);
    const agent = await start();
    await until(() => good.state === 'done', agent.output);
    expect(bad.failure).toMatchObject({ code: 'playlist_refused', isRetryable: false });
  });

  it('is gone within two seconds of a cancellation, files and all', async () => {
    const task = server.addTask(longRender, long);
    const agent = await start();
    await until(() => task.notes.at(-1) === 'Encoding', agent.output);
    expect(processesNaming(agentDir)).not.toEqual([]);
    const startedAt = Date.now();
    task.state = 'cancelled';
    await until(() => processesNaming(agentDir).length === 0 && scratch().length === 0, agent.output, 2000);
    expect(Date.now() - startedAt).toBeLessThan(2000);
    await until(() => task.releases === 1, agent.output);
  });

  it('stops at once when the lease is lost, and says nothing more about the task', async () => {
    const task = server.addTask(longRender, long);
    const agent = await start();
    await until(() => task.notes.at(-1) === 'Encoding', agent.output);
    task.leaseToken = 'of another agent';
    await until(() => processesNaming(agentDir).length === 0 && scratch().length === 0, agent.output, 2000);
    expect([task.failure, task.completion, task.releases]).toEqual([null, null, 0]);
  });

  it.runIf(process.platform === 'linux')(
    'lets its ffmpeg and its networks stand back where others want the processor too',
    async () => {
      const nicenessOf = (pid: number) => Number(/\) \S(?: \S+){15} (\S+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
      const own = getPriority();
      const task = server.addTask(longRender, long);
      const agent = await start({ CARMIC_AGENT_NICE: '' });
      // The sandbox, from which what is in it inherits.
      const ffmpegs = () => processesNaming(agentDir).filter((pid) => nameOf(pid) === 'bwrap');
      const networks = () => withNetworks(Number(agent.child.pid)).slice(1);
      await until(() => task.notes.length > 0 && ffmpegs().length > 0, agent.output, 120_000);
      const seen = ffmpegs().map(nicenessOf);
      expect(seen).toEqual(seen.map(() => Math.min(19, own + 10)));
      // They are told when they have started.
      const stoodBack = () => networks().filter((pid) => nicenessOf(pid) === Math.min(19, own + 10));
      await until(() => networks().length > 0 && stoodBack().length === networks().length, agent.output, 120_000);
      // The agent itself does not: it keeps its lease.
      expect(nicenessOf(Number(agent.child.pid))).toBe(own);
    },
    250_000,
  );

  it('hands its task back on the first signal and ends with 0', async () => {
    const task = server.addTask(longRender, long);
    const agent = await start();
    await until(() => task.notes.at(-1) === 'Encoding', agent.output);
    agent.child.kill('SIGTERM');
    expect(await agent.exited).toBe(0);
    expect([task.state, task.releases, task.attempt]).toEqual(['queued', 1, 0]);
    expect(processesNaming(agentDir)).toEqual([]);
  });

  it('with time to drain ends its task first, takes no other, and ends with 0', async () => {
    const task = server.addTask(longRender, long);
    const agent = await start({ CARMIC_AGENT_DRAIN_SECONDS: '120', CARMIC_AGENT_SLOTS: '1' });
    await until(() => task.notes.at(-1) === 'Encoding', agent.output);
    agent.child.kill('SIGTERM');
    const next = server.addTask(inspectSpec, short);
    expect(await agent.exited).toBe(0);
    expect([task.state, task.releases, next.state]).toEqual(['done', 0, 'queued']);
  });

  it('hands its task back when the time to drain is over', async () => {
    const task = server.addTask(longRender, long);
    const agent = await start({ CARMIC_AGENT_DRAIN_SECONDS: '0.1' });
    await until(() => task.notes.at(-1) === 'Encoding', agent.output);
    agent.child.kill('SIGTERM');
    expect(await agent.exited).toBe(0);
    expect([task.state, task.releases]).toEqual(['queued', 1]);
  });

  it('leaves no ffmpeg behind when it is killed, and cleans up at its next start', async () => {
    const task = server.addTask(longRender, long);
    const agent = await start();
    await until(() => task.notes.at(-1) === 'Encoding', agent.output);
    agent.child.kill('SIGKILL');
    await agent.exited;
    await until(
      () => processesNaming(agentDir).length === 0,
      () => 'ffmpeg still runs',
      3000,
    );
    expect(scratch()).not.toEqual([]);
    const next = await start();
    await until(() => next.output().includes('announced'), next.output);
    expect(scratch()).toEqual([]);
  });

  it('ends with everything when its parent is gone', async () => {
    const task = server.addTask(longRender, long);
    const agent = await start({ CARMIC_AGENT_PARENT_PIPE: '1' });
    await until(() => task.notes.at(-1) === 'Encoding', agent.output);
    agent.child.stdin?.end();
    expect(await agent.exited).toBe(137);
    await until(
      () => processesNaming(agentDir).length === 0,
      () => 'ffmpeg still runs',
      2000,
    );
  });

  it('goes on while the server restarts, and finishes the same task', async () => {
    const task = server.addTask(inspectSpec, long);
    const agent = await start();
    await until(() => task.renewals >= 2, agent.output);
    await server.pause();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await server.resume();
    await until(() => task.state === 'done' || task.state === 'failed', agent.output, 60_000);
    expect([task.state, task.attempt]).toEqual(['done', 1]);
  });

  it('waits as long as Retry-After says, and tries undecodable answers again', async () => {
    const task = server.addTask(inspectSpec, short);
    let calls = 0;
    const times: number[] = [];
    server.intercept = (route) => {
      if (route !== 'completeLease') {
        return null;
      }
      calls += 1;
      times.push(Date.now());
      return calls === 1 ? { status: 429, headers: { 'retry-after': '1' } } : calls === 2 ? { status: 502, body: '<html>' } : null;
    };
    const agent = await start();
    await until(() => task.state === 'done', agent.output);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it('refuses to share a folder with a living agent', async () => {
    const first = await start();
    await until(() => server.tokens.size === 1, first.output);
    const second = await start();
    expect(await second.exited).toBe(75);
    expect(second.output()).toContain('CARMIC_AGENT_DIR');
  });

  it('refuses to start with settings or an ffmpeg that will not do, and says what to do', async () => {
    const unset = await start({ CARMIC_SERVER_URL: 'not a url' });
    expect(await unset.exited).toBe(78);
    expect(unset.output()).toContain('CARMIC_SERVER_URL');
    const missing = await start({ FFMPEG_PATH: '/nowhere/ffmpeg' });
    expect(await missing.exited).toBe(78);
    expect(missing.output()).toMatch(/FFMPEG_PATH/);
    const refused = await start({ CARMIC_ENROLMENT_CODE: 'a wrong code' });
    expect(await refused.exited).toBe(77);
    expect(refused.output()).toContain('console');
  });
});
