/** Fills an instance with what a busy editor and a careful administrator would have, so that pages are judged with something on them. */
import { readFileSync } from 'node:fs';
import type { Analysis, Lease, Video } from '@carmic/contract';
import type { Page } from 'playwright-core';
import { release } from '../../server/src/core/release.ts';
import { storeTranscript } from '../../server/src/understanding/transcripts.ts';
import type { Caller, TestInstance } from '../support/instance.ts';
import { enrolAgent, plainResult, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { makeScene, type Scene } from './scene.ts';
import { seedPeople, seedSafety } from './seedCases.ts';
import { seedCompression } from './seedCompression.ts';

const talk = [
  'Why do most harbours fail in the first ten years?',
  'People think it is the sea, but it is always the money that runs out before the walls are finished.',
  'I learned that the hard way, because my first company built three piers and sold none of them.',
  'The best decision we ever made was to stop building and listen to the fishermen for a whole winter.',
  'They told us that nobody needed a bigger harbour, they needed one that opens at four in the morning.',
  'That changed everything, and it cost us nothing but our pride.',
  'So here is the truth that no consultant will tell you.',
  'If you cannot explain your business to somebody who works with wet hands, you do not have one.',
  'What would you do differently today?',
  'I would hire the person who disagrees with me first, and I would pay her twice what I pay myself.',
  'Everybody says that culture eats strategy, but nobody tells you who cooks.',
  'The most surprising thing was how quiet success is when it finally comes.',
  'We had eleven employees, two boats and a bakery that never had a short queue.',
  'And then in one night the river rose, and we carried four hundred books up the stairs.',
  'I have never loved a group of people more than I did that morning.',
];

const clock = (seconds: number) => `00:${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
const srt = talk.map((text, index) => `${index + 1}\n${clock(index * 6)},000 --> ${clock(index * 6 + 5)},800\n${text}\n`).join('\n');

const analysis: Analysis = {
  hopSeconds: 0.5,
  loudnessDb: Array.from({ length: 180 }, (_, index) => -24 + 8 * Math.sin(index / 5) * Math.cos(index / 17)),
  peaks: Array.from({ length: 180 }, (_, index) => Math.abs(0.25 + 0.55 * Math.sin(index / 3) * Math.cos(index / 11)) % 1),
  motion: Array.from({ length: 180 }, (_, index) => index % 9),
  cutsSeconds: [14, 31, 52, 70],
};

export interface Seeded {
  admin: Caller;
  videos: Record<'ready' | 'second' | 'failed' | 'running', Video>;
}

/** Everything that stands on the pages. */
export async function seed(instance: TestInstance, page: Page): Promise<Seeded> {
  const admin = await instance.createCaller({ isAdmin: true });
  await admin.call('updateMe', { body: { name: 'Ada Lindqvist', newPassword: 'four unrelated words here' } });
  await admin.call('updateOwnWorkspace', { body: { name: 'Harbour Media' } });
  const scenes = [await makeScene(page, 18), await makeScene(page, 210), await makeScene(page, 285)];
  const agent = await enrolStudioAgent(instance);
  const add = async (fileName: string, scene: number, clipCount = 4) => {
    const wishes = { clipCount, minClipSeconds: 8, maxClipSeconds: 30, aspects: ['9:16' as const] };
    const video = await uploadVideo(admin.call, instance.baseUrl, Buffer.from(fileName), { fileName, captions: srt, wishes });
    await work(agent, scenes[scene % scenes.length] ?? scenes[0]);
    return video;
  };
  const ready = await add('Why harbours fail — Founders at Sea, episode 42.mp4', 0);
  const second = await add('Annual meeting 2026, main stage.mp4', 1, 3);
  await add('Interview with the lighthouse keeper.mov', 2, 2);
  const failed = await uploadVideo(admin.call, instance.baseUrl, Buffer.from('broken'), { fileName: 'Backup of old camera (3).avi' });
  await failInspection(agent, admin, failed.id);
  const running = await uploadVideo(admin.call, instance.baseUrl, Buffer.from('running'), { fileName: 'Product keynote, rehearsal.mp4' });
  const lease = await agent.lease(['inspect'], 5);
  if (lease !== null) {
    await agent.renew(lease, 0.62);
  }
  await speakers(instance, admin, ready);
  await agent.call('createAgentLogLines', { body: { lines: logLines() } });
  await seedCompression(instance);
  await seedSafety(instance, admin, agent);
  await seedPeople(admin);
  await fillPlaces(instance, admin, ready, second);
  return { admin, videos: { ready, second, failed, running } };
}

async function enrolStudioAgent(instance: TestInstance): Promise<ProtocolAgent> {
  return enrolAgent(instance, ['inspect', 'render'], { name: 'studio-gpu-1', version: release.version });
}

/** What an agent says while it works, newest last. */
function logLines() {
  const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString();
  return [
    { at: at(95), level: 'info' as const, text: 'the agent is ready', fields: {} },
    { at: at(80), level: 'info' as const, text: 'task started', fields: { kind: 'inspect' } },
    { at: at(61), level: 'warn' as const, text: 'the encoder h264_nvenc does not work here, libx264 is used instead', fields: {} },
    { at: at(44), level: 'error' as const, text: 'the file could not be read to its end', fields: { kind: 'inspect', code: 'truncated' } },
    { at: at(6), level: 'info' as const, text: 'task done', fields: { kind: 'render' } },
  ];
}

/** Does what is queued: inspections and renderings, with the scene's pictures. */
async function work(agent: ProtocolAgent, scene: Scene | undefined): Promise<void> {
  if (scene === undefined) {
    throw new Error('There is no scene.');
  }
  const films = { proxy: readFileSync(scene.film), video: readFileSync(scene.tallFilm) };
  for (let idle = 0; idle < 2;) {
    const lease = await agent.lease(['inspect', 'render'], 2);
    if (lease === null) {
      idle += 1;
      continue;
    }
    idle = 0;
    await deliver(agent, lease, scene, films);
  }
}

async function deliver(agent: ProtocolAgent, lease: Lease, scene: Scene, films: { proxy: Buffer; video: Buffer }): Promise<void> {
  const bodies: Record<string, Buffer> = {
    ...films,
    thumbnail: scene.wide,
    cover: scene.tall,
    cover2: scene.tall,
    cover3: scene.tall,
    analysis: Buffer.from(JSON.stringify(analysis)),
  };
  const outputs = [];
  for (const { name } of lease.outputs) {
    outputs.push(await agent.put(lease, name, bodies[name] ?? Buffer.from('WEBVTT\n')));
  }
  const plain = plainResult(lease);
  const result =
    plain.kind === 'inspect'
      ? { ...plain, probe: { ...plain.probe, durationSeconds: 90 } }
      : plain.kind === 'render'
        ? { ...plain, layout: 'follow' as const, layoutReason: 'One face speaks through the whole clip.', encoder: 'libx264' }
        : plain;
  await agent.call('completeLease', { params: { id: lease.taskId }, body: { leaseToken: lease.leaseToken, outputs, result } });
}

/** Lets the inspection of a video fail. */
export async function failInspection(agent: ProtocolAgent, caller: Caller, id: string): Promise<void> {
  while ((await caller.call('getVideo', { params: { id } })).state !== 'failed') {
    const lease = await agent.lease(['inspect'], 1);
    if (lease !== null) {
      const message = 'The file has no moov atom: its end is missing.';
      const body = { leaseToken: lease.leaseToken, code: 'truncated' as const, message, isRetryable: false };
      await agent.call('failLease', { params: { id: lease.taskId }, body });
    }
  }
}

async function speakers(instance: TestInstance, caller: Caller, video: Video): Promise<void> {
  const { words } = await caller.call('getTranscript', { params: { id: video.id } });
  await storeTranscript(
    instance.server.deps,
    { id: video.id, workspaceId: caller.workspaceId },
    {
      language: 'en',
      engine: 'whisper base',
      words: words.map((word, index) => ({
        ...word,
        confidence: index % 37 === 5 ? 0.32 : 0.97,
        speaker: index < 10 || (index > 120 && index < 128) ? 'Ingrid' : 'Magnus',
      })),
    },
  );
}

/** Members, keys, hooks, terms, a brand, a hold and a deletion. */
export async function fillPlaces(instance: TestInstance, admin: Caller, held: Video, second: Video): Promise<void> {
  for (const [name, role] of [
    ['Grace Okafor', 'editor'],
    ['Jonas Weber', 'viewer'],
  ] as const) {
    const member = await instance.createCaller({ role, workspaceId: admin.workspaceId });
    await member.call('updateMe', { body: { name } });
  }
  await admin.call('createInvitation', { body: { email: 'mira@harbour.example', role: 'editor' } });
  await admin.call('createApiKey', { body: { name: 'Publishing script', scopes: ['read', 'write'], expiresInDays: 90 } });
  await admin.call('createWebhook', { body: { url: 'https://hooks.harbour.example/carmic', eventTypes: ['video.ready'] } });
  for (const term of ['Zeebrugge', 'Lindqvist', 'Carmic', 'NVENC']) {
    await admin.call('createTerm', { body: { term, soundsLike: [term.toLowerCase()] } });
  }
  await admin.call('createBrandKit', { body: { name: 'Founders at Sea', isDefault: true, captionStyle: 'karaoke' } });
  await admin.call('placeHold', {
    body: { workspaceId: admin.workspaceId, videoId: held.id, reason: 'Case 2026-118: the contract with the port authority' },
  });
  const { items } = await admin.call('listClips', { params: { id: second.id } });
  const [first, last] = [items[0], items.at(-1)];
  if (first !== undefined && last !== undefined) {
    await admin.call('createErasure', { body: { scope: 'clip', clipId: last.id } });
  }
}
