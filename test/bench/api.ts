/**
 * The API bench: an authenticated read of a page of clips, against bare Koa handlers that ask the same database for the same rows in the same
 * run; the spread at 200 connections; and what signing in does to the others.
 *
 * `ratio` is our throughput over that of a bare handler with our own statements and our own bytes at 16 connections, the median of five
 * rounds; `ratioToJoined` the same to one that reads the rows by one joined statement and answers them as they come.
 */
import { spawn } from 'node:child_process';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import Koa from 'koa';
import { escapeLiteral, Pool } from 'pg';
import { createWorkspace } from '../../server/src/accounts/createWorkspace.ts';
import { Members, Users } from '../../server/src/accounts/model.ts';
import { hashPassword } from '../../server/src/accounts/passwords.ts';
import { openSession } from '../../server/src/accounts/sessions.ts';
import { clipPageReadings } from '../../server/src/clips/clipPage.ts';
import { sealContent } from '../../server/src/clips/content.ts';
import { newId } from '../../server/src/core/ids.ts';
import { createFill } from '../../server/src/db/reader.ts';
import type { Deps } from '../../server/src/deps.ts';
import { sealFileName, sealTitle } from '../../server/src/library/content.ts';
import { startBenchServer } from './support/benchServer.ts';

const clipCount = 10;
const poolSize = 10;
const roundSeconds = 3;
const turns = 5;
const password = 'seven green bottles';

interface Load {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  statuses: Record<string, number>;
}

/** Calls an address from another process. Throws when an answer is none of `expected`. */
async function load(
  url: string,
  token: string,
  options: { connections: number; seconds?: number; method?: string; body?: string; expected?: number },
): Promise<Load> {
  const program = fileURLToPath(new URL('support/loadClient.ts', import.meta.url));
  const { connections, seconds = roundSeconds, method = 'GET', body = '', expected = 200 } = options;
  const child = spawn(process.execPath, ['--import', 'tsx', program, url, token, String(connections), String(seconds), method, body], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) {
    throw new Error(`The load client ended with ${String(code)}.`);
  }
  const result = JSON.parse(output) as Load;
  if (Object.keys(result.statuses).join() !== String(expected)) {
    throw new Error(`Answers other than ${expected}: ${JSON.stringify(result.statuses)}`);
  }
  return result;
}

export async function seed(deps: Deps): Promise<{ token: string; workspaceId: string; videoId: string; email: string }> {
  const { db } = deps;
  const [userId, workspaceId, videoId] = [newId(), newId(), newId()];
  const email = `${userId}@example.test`;
  const passwordHash = await hashPassword(password);
  return db.asSystem(async (tx) => {
    await db.model(Users).create({ id: userId, email, name: 'Bench', isAdmin: false, passwordHash }, { transaction: tx });
    await createWorkspace(deps, tx, { id: workspaceId, name: 'Bench' });
    await db.model(Members).create({ workspaceId, userId, role: 'owner' }, { transaction: tx });
    await db.change(
      tx,
      `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options)
       VALUES (:videoId, :workspaceId, :title, :fileName, 1000, 'ready', '{}')`,
      { videoId, workspaceId, title: sealTitle(deps, videoId, 'A talk'), fileName: sealFileName(deps, videoId, 'talk.mp4') },
    );
    for (let rank = 1; rank <= clipCount; rank++) {
      const [clipId, renditionId] = [newId(), newId()];
      const contentSealed = sealContent(deps, clipId, {
        title: `Clip ${rank}`,
        tags: ['harbours', 'growth'],
        scoreParts: [{ name: 'hook', label: 'Opening', points: 20, reason: 'It begins with a question that is answered.' }],
        excerpt: 'What happened in that year? We doubled the number of harbours we could serve.',
        boundaries: [],
      });
      await db.change(
        tx,
        `INSERT INTO clips (id, workspace_id, video_id, state, rank, start_seconds, end_seconds, score, content_sealed, created_at, updated_at)
         VALUES (:clipId, :workspaceId, :videoId, 'suggested', :rank, :rank * 40, :rank * 40 + 30, 80, :contentSealed, now(), now())`,
        { clipId, workspaceId, videoId, rank, contentSealed },
      );
      await db.change(
        tx,
        `INSERT INTO clip_edits (workspace_id, clip_id, version, kind, segments, removed, created_at)
         VALUES (:workspaceId, :clipId, 1, 'suggested', '[{"startSeconds": 0, "endSeconds": 30}]', '[]', now())`,
        { workspaceId, clipId },
      );
      await db.change(
        tx,
        `INSERT INTO renditions (id, workspace_id, video_id, clip_id, state, aspect, caption_style, width, height, spec_hash, edit_version, created_at, updated_at)
         VALUES (:renditionId, :workspaceId, :videoId, :clipId, 'ready', '9:16', 'karaoke', 1080, 1920, :renditionId, 1, now(), now())`,
        { renditionId, workspaceId, videoId, clipId },
      );
      const taskId = newId();
      await db.change(
        tx,
        `INSERT INTO stored_objects (id, workspace_id, video_id, rendition_id, key, kind, state, content_type, size_bytes, sha256, created_at)
         SELECT gen_random_uuid(), :workspaceId, :videoId, :renditionId, 'w/' || :workspaceId || '/v/' || :videoId || '/t/' || :taskId || '/1/' || kind,
           kind, 'ready', 'video/mp4', 1000, md5(kind) || md5(kind), now()
         FROM unnest(ARRAY['video', 'cover', 'srt', 'vtt']) AS kind`,
        { workspaceId, videoId, renditionId, taskId },
      );
    }
    const { token } = await openSession(deps, tx, userId);
    return { token, workspaceId, videoId, email };
  });
}

/**
 * The page's own statements as the server's own login inside the workspace's scope, by one message as our handler sends them, and a body of
 * the same bytes written anew for each answer; nothing else: no session, no policy of a route, no seal, no signed address, no check of the reply.
 */
export async function startBare(page: {
  databaseUrl: string;
  workspaceId: string;
  videoId: string;
  reply: unknown;
}): Promise<{ url: string; stop: () => Promise<void> }> {
  const { workspaceId, videoId } = page;
  const pool = new Pool({ connectionString: page.databaseUrl, max: poolSize });
  const fill = createFill((value) => escapeLiteral(String(value)));
  const scope = `SELECT set_config('carmic.workspace_id', ${escapeLiteral(workspaceId)}, true), set_config('carmic.system', '', true)`;
  const app = new Koa();
  app.use(async (context) => {
    const statements = clipPageReadings(workspaceId, videoId, new Date()).map(({ sql, values = {} }) => fill(sql, values));
    const results = (await pool.query([scope, ...statements].join('; '))) as unknown as {
      rows: object[];
    }[];
    if (results[2]?.rows.length !== clipCount) {
      throw new Error('The bare handler reads every clip.');
    }
    context.body = page.reply;
  });
  return listen(app, pool);
}

/** The same rows by one joined statement as the superuser, whom no row-level security holds back. */
async function startJoined(url: string, workspaceId: string, videoId: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const pool = new Pool({ connectionString: url, max: poolSize });
  const sql = `SELECT c.id, c.state, c.rank, c.start_seconds, c.end_seconds, c.score, encode(c.content_sealed, 'base64') AS content, c.created_at,
      v.expires_at, e.segments,
      (SELECT jsonb_agg(to_jsonb(r) || jsonb_build_object('objects',
          (SELECT jsonb_agg(to_jsonb(o)) FROM stored_objects o WHERE o.rendition_id = r.id AND o.state = 'ready')))
       FROM renditions r WHERE r.clip_id = c.id) AS renditions
    FROM clips c JOIN videos v ON v.id = c.video_id JOIN clip_edits e ON e.clip_id = c.id AND e.version = c.edit_version
    WHERE c.workspace_id = $1 AND c.video_id = $2 ORDER BY c.rank`;
  const app = new Koa();
  app.use(async (context) => {
    const { rows } = await pool.query(sql, [workspaceId, videoId]);
    context.body = { items: rows };
  });
  return listen(app, pool);
}

async function listen(app: Koa, pool: Pool): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = await new Promise<Server>((resolve) => {
    const started = app.listen(0, '127.0.0.1', () => resolve(started));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const round = (value: number, digits = 2) => Number(value.toFixed(digits));

/** Measures. */
export async function benchApi(): Promise<Record<string, unknown>> {
  const { server, superuserUrl, stop } = await startBenchServer({
    env: { CARMIC_DATABASE_POOL: String(poolSize), CARMIC_PORT: '0', CARMIC_RATE_LIMIT_PER_MINUTE: '1000000000' },
    processes: ['web'],
  });
  try {
    const { token, workspaceId, videoId, email } = await seed(server.deps);
    const page = `${server.baseUrl}/api/v1/videos/${videoId}/clips`;
    const reply: unknown = await (await fetch(page, { headers: { authorization: `Bearer ${token}` } })).json();
    const bare = await startBare({ databaseUrl: server.deps.env.CARMIC_DATABASE_URL, workspaceId, videoId, reply });
    const joined = await startJoined(superuserUrl, workspaceId, videoId);
    // All are warmed up equally.
    for (const [url, bearer] of [[page, token] as const, [bare.url, ''] as const, [joined.url, ''] as const]) {
      await load(url, bearer, { connections: 16, seconds: 5 });
    }
    const rounds: { ours: Load; floor: Load; joined: Load }[] = [];
    for (let turn = 0; turn < turns; turn++) {
      rounds.push({
        floor: await load(bare.url, '', { connections: 16 }),
        ours: await load(page, token, { connections: 16 }),
        joined: await load(joined.url, '', { connections: 16 }),
      });
      process.stdout.write(`${JSON.stringify(rounds.at(-1))}\n`);
    }
    const wide = await load(page, token, { connections: 200, seconds: 8 });
    const quiet = await load(page, token, { connections: 4 });
    const signIns = load(`${server.baseUrl}/api/v1/sessions`, '', {
      connections: 2,
      seconds: roundSeconds + 2,
      method: 'POST',
      body: JSON.stringify({ email, password }),
      expected: 201,
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const busy = await load(page, token, { connections: 4 });
    const signIn = await signIns;
    await bare.stop();
    await joined.stop();
    return {
      ratio: round(median(rounds.map(({ ours, floor }) => ours.perSecond / floor.perSecond))),
      ratioToJoined: round(median(rounds.map(({ ours, joined: other }) => ours.perSecond / other.perSecond))),
      oursPerSecond: round(median(rounds.map(({ ours }) => ours.perSecond)), 0),
      floorPerSecond: round(median(rounds.map(({ floor }) => floor.perSecond)), 0),
      p50MsAt200: round(wide.p50Ms, 1),
      p99MsAt200: round(wide.p99Ms, 1),
      spreadAt200: round(wide.p99Ms / wide.p50Ms),
      signInP50Ms: round(signIn.p50Ms, 0),
      readP50Ms: round(quiet.p50Ms, 1),
      readP50MsBesideSignIns: round(busy.p50Ms, 1),
    };
  } finally {
    await stop();
  }
}
