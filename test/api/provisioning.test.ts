/** Machines rented for agents, with Hetzner's API on the wire and its faults, on a real server with real tasks and enrolments. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProvider, provisionParties } from '../../server/src/agents/provisioning/jobs.ts';
import { provisionOnce } from '../../server/src/agents/provisioning/provision.ts';
import type { Env } from '../../server/src/core/env.ts';
import { createLog } from '../../server/src/core/log.ts';
import type { Deps } from '../../server/src/deps.ts';
import { createEgress } from '../../server/src/egress/egress.ts';
import { type HetznerStandIn, type StandInServer, startHetznerStandIn } from '../support/hetznerStandIn.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

const log = createLog({ level: 'silent' });
const token = 'token-of-the-project';
let instance: TestInstance;
let hetzner: HetznerStandIn;
beforeEach(async () => {
  [instance, hetzner] = await Promise.all([startInstance(), startHetznerStandIn(token)]);
});
afterEach(async () => {
  hetzner.close();
  await instance.stop();
});

/** One round, as the job of a worker does it. */
async function round(settings: Partial<Env> = {}): Promise<void> {
  const env: Env = {
    ...instance.server.deps.env,
    CARMIC_BASE_URL: 'https://carmic.example.com',
    CARMIC_PROVISIONER: 'hetzner',
    CARMIC_HETZNER_TOKEN: token,
    CARMIC_HETZNER_URL: hetzner.url,
    CARMIC_PROVISION_AGENT_IMAGE: 'registry.example.com/carmic/gpu-agent:0.1.0',
    CARMIC_PROVISION_WAIT_SECONDS: 0,
    CARMIC_PROVISION_SLOTS: 1,
    ...settings,
  };
  const deps: Deps = { ...instance.server.deps, env, egress: createEgress(provisionParties(env), log), log };
  const provider = createProvider(deps);
  if (provider === null) {
    throw new Error('There is no provider.');
  }
  await provisionOnce(deps, provider);
}

const locations = () => hetzner.servers.map(({ location }) => location);

async function makeTasks(count: number): Promise<void> {
  const caller = await instance.createCaller();
  for (let index = 0; index < count; index += 1) {
    await uploadVideo(caller.call, instance.baseUrl, Buffer.from(`video ${index}`));
  }
  const { db } = instance.server.deps;
  const waiting = () => db.asSystem((tx) => db.rows(tx, "SELECT id FROM media_tasks WHERE state = 'queued'"));
  await expect.poll(async () => (await waiting()).length).toBe(count);
}

/** Does what the machine's cloud-init does: enrols with what it was given. */
function comeUp({ userData, name }: StandInServer): Promise<ProtocolAgent> {
  const config = JSON.parse(userData.replace('#cloud-config\n', '')) as { write_files: { content: string }[]; runcmd: string[][] };
  expect(config.runcmd[0]).toEqual(expect.arrayContaining(['--read-only', '--cap-drop', 'registry.example.com/carmic/gpu-agent:0.1.0']));
  const content = config.write_files[0]?.content ?? '';
  expect(content).toContain(`CARMIC_AGENT_NAME=${name}\n`);
  const code = /CARMIC_ENROLMENT_CODE=(.+)/.exec(content)?.[1] ?? '';
  return enrolAgent(instance, ['inspect'], { code, name });
}

/** Makes a machine older. */
const age = (server: StandInServer | undefined, seconds: number) => {
  if (server !== undefined) {
    server.created = new Date(Date.now() - seconds * 1000).toISOString();
  }
};

describe('renting', () => {
  test('as many as tasks wait, once, at the cheapest place in the EU', async () => {
    await round();
    expect(hetzner.servers).toEqual([]);
    await makeTasks(2);
    await round({ CARMIC_PROVISION_MAX_MACHINES: 5 });
    await round({ CARMIC_PROVISION_MAX_MACHINES: 5 });
    expect(locations()).toEqual(['fsn1', 'fsn1']);
    expect(hetzner.servers[0]?.labels).toMatchObject({ 'carmic-hourly-micros': '40000' });
  });

  test('within number and price', async () => {
    await makeTasks(3);
    await round({ CARMIC_PROVISION_MAX_MACHINES: 1 });
    expect(hetzner.servers).toHaveLength(1);
    await round({ CARMIC_PROVISION_MAX_MACHINES: 9, CARMIC_PROVISION_MAX_EUROS_PER_HOUR: 0.08 });
    await round({ CARMIC_PROVISION_MAX_MACHINES: 9, CARMIC_PROVISION_MAX_EUROS_PER_HOUR: 0.08 });
    expect(hetzner.servers).toHaveLength(2);
  });

  test('elsewhere when a place is sold out, and outside the EU only where that is allowed and named (T3)', async () => {
    await makeTasks(1);
    hetzner.soldOut.add('fsn1').add('nbg1');
    await round();
    expect(locations()).toEqual(['hel1']);
    hetzner.servers.splice(0);
    hetzner.soldOut.add('hel1');
    await round({ CARMIC_HETZNER_LOCATIONS: ['fsn1', 'ash'] });
    expect(locations()).toEqual([]);
    await round({ CARMIC_HETZNER_OUTSIDE_EU: 'allowed' });
    expect(locations()).toEqual([]);
    await round({ CARMIC_HETZNER_OUTSIDE_EU: 'allowed', CARMIC_HETZNER_LOCATIONS: ['fsn1', 'ash'] });
    expect(locations()).toEqual(['ash']);
  });

  test('is not done twice when the answer is lost', async () => {
    await makeTasks(1);
    hetzner.faults.push({ method: 'POST', fault: 'done_but_cut' });
    await round();
    expect(hetzner.servers).toHaveLength(1);
    await round();
    expect(hetzner.servers).toHaveLength(1);
  });

  test.each([
    ['too many calls', { status: 429, code: 'rate_limit_exceeded' }],
    ['a server error', { status: 503, code: 'service_error' }],
    ['no right', { status: 403, code: 'forbidden' }],
    ['no more machines for this project', { status: 403, code: 'resource_limit_exceeded' }],
  ])('stops for this round at %s, and goes on with the next', async (_, fault) => {
    await makeTasks(2);
    hetzner.faults.push({ method: 'POST', fault });
    await round({ CARMIC_PROVISION_MAX_MACHINES: 5 });
    expect(hetzner.calls.filter((call) => call.startsWith('POST'))).toHaveLength(1);
    await round({ CARMIC_PROVISION_MAX_MACHINES: 5 });
    expect(hetzner.servers).toHaveLength(2);
  });

  test('does nothing while the list of machines is not known', async () => {
    await makeTasks(1);
    hetzner.faults.push({ method: 'GET', fault: { status: 500, code: 'service_error' } });
    await round();
    expect(hetzner.calls).toEqual(['GET /v1/servers']);
  });
});

describe('giving back', () => {
  test('a machine with work stays at the end of its paid hour; one that is to go is emptied first, then gone, its agent revoked', async () => {
    await makeTasks(1);
    await round();
    const [machine] = hetzner.servers;
    const agent = await comeUp(machine ?? expect.fail('no machine'));
    const lease = (await agent.lease()) ?? expect.fail('no lease');
    age(machine, 3100);
    await round();
    expect(hetzner.servers).toHaveLength(1);
    await agent.call('releaseLease', { params: { id: lease.taskId }, body: { leaseToken: lease.leaseToken } });
    await round({ CARMIC_PROVISION_MAX_MACHINES: 0 });
    expect(hetzner.servers).toHaveLength(1);
    expect(await agent.lease(['inspect'], 0)).toBeNull();
    await round({ CARMIC_PROVISION_MAX_MACHINES: 0 });
    expect(hetzner.servers).toEqual([]);
    await expect(agent.lease(['inspect'], 0)).rejects.toMatchObject({ status: 401 });
  });

  test('not a machine with work; and one that is emptied takes work again when it is wanted', async () => {
    await makeTasks(2);
    await round({ CARMIC_PROVISION_MAX_MACHINES: 1 });
    const agent = await comeUp(hetzner.servers[0] ?? expect.fail('no machine'));
    expect(await agent.lease()).not.toBeNull();
    await round({ CARMIC_PROVISION_MAX_MACHINES: 0 });
    expect(await agent.lease(['inspect'], 0)).toBeNull();
    await round({ CARMIC_PROVISION_MAX_MACHINES: 0 });
    expect(hetzner.servers).toHaveLength(1);
    await round({ CARMIC_PROVISION_MAX_MACHINES: 1 });
    expect(await agent.lease()).not.toBeNull();
    expect(hetzner.servers).toHaveLength(1);
  });

  test('one whose agent never came in, and one that went silent', async () => {
    await makeTasks(1);
    await round();
    age(hetzner.servers[0], 901);
    await round({ CARMIC_PROVISION_WAIT_SECONDS: 9999 });
    expect(hetzner.servers).toEqual([]);
    await round();
    const agent = await comeUp(hetzner.servers[0] ?? expect.fail('no machine'));
    const { db } = instance.server.deps;
    await db.asSystem((tx) =>
      db.change(tx, "UPDATE agents SET last_seen_at = now() - interval '11 minutes' WHERE id = :id", { id: agent.agentId }),
    );
    await round({ CARMIC_PROVISION_WAIT_SECONDS: 9999 });
    expect(hetzner.servers).toEqual([]);
  });

  test('is tried again when it was refused, and a machine that is gone already is no trouble', async () => {
    await makeTasks(1);
    await round();
    age(hetzner.servers[0], 901);
    hetzner.faults.push({ method: 'DELETE', fault: { status: 423, code: 'locked' } });
    await round({ CARMIC_PROVISION_WAIT_SECONDS: 9999 });
    expect(hetzner.servers).toHaveLength(1);
    hetzner.faults.push({ method: 'DELETE', fault: 'done_but_cut' });
    await round({ CARMIC_PROVISION_WAIT_SECONDS: 9999 });
    await round({ CARMIC_PROVISION_WAIT_SECONDS: 9999 });
    expect(hetzner.servers).toEqual([]);
  });

  test('finds all of its own machines on every page, and never touches those of others', async () => {
    await makeTasks(1);
    await round();
    const [own] = hetzner.servers;
    const copies = Array.from({ length: 120 }, (_, index) => ({
      ...(own ?? expect.fail('no machine')),
      id: index + 1,
      name: `carmic-agent-${index}`,
    }));
    const foreign = { ...copies[0], id: 9000, name: 'database', labels: { 'carmic-installation': 'another' } } as StandInServer;
    hetzner.servers.push(...copies, foreign, { ...foreign, id: 9001, name: 'mail', labels: {} });
    for (const server of hetzner.servers) {
      age(server, 901);
    }
    await round({ CARMIC_PROVISION_WAIT_SECONDS: 9999 });
    expect(hetzner.servers.map(({ name }) => name)).toEqual(['database', 'mail']);
  });
});

test('a server that lacks something to rent with says what', () => {
  const env = { ...instance.server.deps.env, CARMIC_PROVISIONER: 'hetzner' as const };
  const deps = { ...instance.server.deps, env, egress: createEgress(provisionParties(env), log) };
  expect(() => createProvider(deps)).toThrow(/needs CARMIC_HETZNER_TOKEN, CARMIC_PROVISION_AGENT_IMAGE and CARMIC_BASE_URL/);
});
