/** An agent that speaks the protocol and does no media work: for tests of leases, states and faults. */
import {
  type Call,
  type Capabilities,
  createClient,
  type Lease,
  type OutputName,
  type Probe,
  type RouteReply,
  type TaskKind,
  type TaskResult,
} from '@carmic/contract';
import { callerFor, type TestInstance } from './instance.ts';
import { sha256 } from './upload.ts';

export interface ProtocolAgent {
  agentId: string;
  token: string;
  call: Call;
  /** The next task, or null when there is none within `waitSeconds`. */
  lease(kinds?: TaskKind[], waitSeconds?: number): Promise<Lease | null>;
  renew(lease: Lease, progress?: number): Promise<RouteReply<'renewLease'>>;
  /** PUTs an output to its slot; answers what `complete` must say of it. */
  put(lease: Lease, name: OutputName, body: Uint8Array): Promise<{ name: OutputName; sizeBytes: number; sha256: string }>;
  /** Delivers plausible outputs and completes. */
  finish(
    lease: Lease,
    overrides?: { probe?: Partial<Probe>; analysis?: object; files?: Partial<Record<OutputName, Uint8Array>> },
  ): Promise<void>;
}

export const plainProbe: Probe = {
  container: 'mp4',
  durationSeconds: 60,
  width: 1920,
  height: 1080,
  frameRate: 30,
  rotationDegrees: 0,
  videoCodec: 'h264',
  isHdr: false,
  audioCodec: 'aac',
  audioChannels: 2,
};

const capabilities: Capabilities = {
  kinds: ['inspect', 'render'],
  ffmpegVersion: '5.1',
  encoders: [{ name: 'libx264', works: true, reason: 'Tried.' }],
  transcriptionModels: [],
  cpuCount: 2,
  sandbox: 'None: this agent does no media work.',
};

/** Enrols a protocol agent on `instance`, with a code of its own unless one is given. */
export async function enrolAgent(
  instance: TestInstance,
  kinds: TaskKind[] = ['inspect', 'render'],
  { code, name = 'protocol agent', version = '0' }: { code?: string; name?: string; version?: string } = {},
): Promise<ProtocolAgent> {
  const { agentId, token } = await createClient({ baseUrl: instance.baseUrl })('registerAgent', {
    body: {
      enrolmentCode: code ?? (await instance.server.enrolmentCode()),
      name,
      version,
      capabilities: { ...capabilities, kinds },
    },
  });
  const call = callerFor(() => instance.baseUrl, token);
  const agent: ProtocolAgent = {
    agentId,
    token,
    call,
    async lease(wanted = kinds, waitSeconds = 10) {
      return (await call('createLease', { body: { kinds: wanted, waitSeconds } })).lease;
    },
    renew: (lease, progress = 0.5) =>
      call('renewLease', { params: { id: lease.taskId }, body: { leaseToken: lease.leaseToken, progress } }),
    put: (lease, name, body) => putOutput(lease, name, body),
    async finish(lease, overrides = {}) {
      const outputs = [];
      for (const { name } of lease.outputs) {
        const { analysis } = overrides;
        const plain = name === 'analysis' && analysis !== undefined ? Buffer.from(JSON.stringify(analysis)) : plainOutput(name);
        const body = overrides.files?.[name] ?? plain;
        outputs.push(await putOutput(lease, name, body));
      }
      const result = plainResult(lease, { ...plainProbe, ...overrides.probe });
      await call('completeLease', { params: { id: lease.taskId }, body: { leaseToken: lease.leaseToken, outputs, result } });
    },
  };
  return agent;
}

async function putOutput(lease: Lease, name: OutputName, body: Uint8Array) {
  const slot = lease.outputs.find((output) => output.name === name);
  if (slot === undefined) {
    throw new Error(`The lease has no output ${name}.`);
  }
  const response = await fetch(slot.url, {
    method: 'PUT',
    headers: { ...slot.headers, 'content-type': slot.contentType },
    body: Buffer.from(body),
  });
  if (!response.ok) {
    throw new Error(`The output ${name} was refused: ${response.status} ${await response.text()}`);
  }
  return { name, sizeBytes: body.length, sha256: sha256(body) };
}

function plainOutput(name: OutputName): Uint8Array {
  const documents: Partial<Record<OutputName, unknown>> = {
    analysis: { hopSeconds: 0.5, loudnessDb: [], peaks: [], motion: Array.from({ length: 120 }, (_, index) => index % 7), cutsSeconds: [] },
    transcript: { language: 'en', engine: 'test', words: [{ text: 'Hello.', startSeconds: 1, endSeconds: 2 }] },
  };
  return Buffer.from(name in documents ? JSON.stringify(documents[name]) : `the ${name}`);
}

export function plainResult(lease: Lease, probe: Probe = plainProbe): TaskResult {
  switch (lease.spec.kind) {
    case 'inspect':
      return { kind: 'inspect', probe };
    case 'transcribe':
      return { kind: 'transcribe', language: 'en', engine: 'test', wordCount: 1 };
    case 'render':
      return {
        kind: 'render',
        durationSeconds: 10,
        frameCount: 300,
        frameRate: 30,
        width: lease.spec.output.width,
        height: lease.spec.output.height,
        encoder: 'none',
        layout: 'center',
        layoutReason: 'For the test.',
        captionsBurnedIn: lease.spec.captions !== null,
        certificate: [{ name: 'frame_count', label: 'Frames', value: 300, unit: 'frames', bound: 'exactly 300', passed: true }],
      };
  }
}
