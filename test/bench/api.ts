/**
 * The API bench: an authenticated read of a page of clips, against bare Koa handlers that ask the same database for the same rows in the same
 * run; the spread at 200 connections; and what signing in does to the others.
 *
 * `ratio` is our throughput over that of a bare handler with our own statements and our own bytes at 16 connections, the median of five
 * rounds; `ratioToJoined` the same to one that reads the rows by one joined statement and answers them as they come.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { escapeLiteral, Pool } from 'pg';
import { clipPageReadings } from '../../server/src/clips/clipPage.ts';
import { createFill } from '../../server/src/db/reader.ts';
import { startBenchServer } from './support/benchServer.ts';
import { clipCount, password, seedClipPage } from './support/clipPage.ts';
import { measureSignIns, summarizeSignIns } from './signIns.ts';
import { type Load, load } from './support/load.ts';

const poolSize = 10;
const turns = 5;

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
    const { token, workspaceId, videoId, email } = await seedClipPage(server.deps);
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
    const signIns = await measureSignIns({ page, token, sessions: `${server.baseUrl}/api/v1/sessions`, email, password });
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
      ...summarizeSignIns(signIns),
    };
  } finally {
    await stop();
  }
}
