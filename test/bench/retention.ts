/**
 * The retention bench: expired videos are planned and deleted through the product's own saga, on a database filled with rows, once against a
 * stand-in of S3 that counts calls and once against the disk driver. The sweeper is a process of its own with the whole server loaded.
 *
 * `dbMicrosPerObject` is the time the saga waited for the database, planning included; `dbCpuMicrosPerObject` is the processor time of
 * PostgreSQL for the same, which other programs on the machine do not blur. `peakRssMb` is all memory of the sweeper's process at its peak,
 * `startRssMb` what it holds before the first deletion. `ratio` is the first at ten times the rows over that before. `p95Ratio` is what reading
 * a page of clips takes, 95 of 100 times, beside the sweeper as it is paced, over the same without it; `oneProcessP95Ratio` the same where web
 * and worker are one process, as `npm start` has them. `npm run bench -- retention sweep`, `others` or `disk` measures a part.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { appRole } from '../../server/src/db/roles.ts';
import type { Deps } from '../../server/src/deps.ts';
import { workErasures } from '../../server/src/retention/erasure/work.ts';
import { sweepExpired } from '../../server/src/retention/sweep.ts';
import { startBenchServer } from './support/benchServer.ts';
import { type Beside, measureBeside } from './support/besideSweeper.ts';
import { seedClipPage } from './support/clipPage.ts';
import { type S3StandIn, startS3StandIn, startSweeper, type Sweeper } from './support/sweeper.ts';
import { onStandIn } from './support/standInStore.ts';

const objectsPerVideo = 50;
const workspaceCount = 40;
/** Enough for the turns of two measurements. */
const pacedVideos = Number(process.env['CARMIC_BENCH_PACED_VIDEOS'] ?? 30_000);
/** Workers that one server runs at once. */
const productWorkers = 2;

interface Surroundings {
  client: Client;
  sweeper: Sweeper;
  page: { url: string; token: string };
}

interface Round {
  objects: number;
  planSecondsPer100k: number;
  deleteCallsPer1000Keys?: number;
  dbMicrosPerObject: number;
  dbCpuMicrosPerObject: number;
  objectsPerSecond: number;
  startRssMb: number;
  peakRssMb: number;
}

/** Fills a database with expired videos of 50 objects each. */
async function seed(client: Client, videos: number): Promise<void> {
  for (const table of ['stored_objects', 'videos', 'erasure_items', 'erasures']) {
    await client.query(`DELETE FROM ${table} WHERE workspace_id IN (SELECT id FROM workspaces WHERE name = 'bench')`);
  }
  await client.query("DELETE FROM workspaces WHERE name = 'bench'");
  await client.query(
    `INSERT INTO workspaces (id, name, plan_id) SELECT gen_random_uuid(), 'bench', (SELECT id FROM plans WHERE slug = 'free') FROM generate_series(1, $1)`,
    [workspaceCount],
  );
  await client.query(
    `WITH w AS (SELECT id, row_number() OVER () AS n FROM workspaces WHERE name = 'bench')
     INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options, kept_from, expires_at)
     SELECT gen_random_uuid(), w.id, '', '', 1000, 'ready', '{}', now() - interval '4 days', now() - interval '1 day'
     FROM generate_series(1, $1) g JOIN w ON w.n = 1 + g % $2`,
    [videos, workspaceCount],
  );
  await client.query(
    `INSERT INTO stored_objects (id, workspace_id, video_id, key, kind, state, content_type, size_bytes, sha256)
     SELECT gen_random_uuid(), v.workspace_id, v.id, 'w/' || v.workspace_id || '/v/' || v.id ||
         CASE WHEN g = 0 THEN '/source' ELSE '/t/' || md5(v.id::text || (g % 7))::uuid || '/1/' ||
           (ARRAY['proxy', 'thumbnail', 'analysis', 'video', 'cover', 'srt', 'vtt'])[1 + g / 7 % 7] END,
       'video', 'ready', 'video/mp4', 1000, md5(v.id::text) || md5(v.id::text)
     FROM videos v, generate_series(0, $1) g WHERE v.expires_at IS NOT NULL`,
    [objectsPerVideo - 1],
  );
  await client.query('VACUUM ANALYZE');
}

/** Processor time of PostgreSQL's processes that serve the application, in microseconds (100 ticks a second). */
async function watchDatabase(client: Client): Promise<() => Promise<number>> {
  const usedOf = (pid: number): number => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10_000;
    } catch {
      return 0;
    }
  };
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  const look = async () => {
    const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE usename = $1', [appRole]);
    for (const { pid } of rows) {
      const used = usedOf(pid);
      first.set(pid, first.get(pid) ?? used);
      last.set(pid, Math.max(last.get(pid) ?? 0, used));
    }
  };
  await look();
  let pending = Promise.resolve();
  const timer = setInterval(() => {
    pending = pending.then(look);
  }, 250);
  return async () => {
    clearInterval(timer);
    await pending;
    await look();
    return [...last].reduce((sum, [pid, used]) => sum + used - (first.get(pid) ?? 0), 0);
  };
}

/** Lets the sweeper delete everything that has expired, as fast as it can, and says what it cost. */
async function measure(surroundings: Surroundings, videos: number, standIn: S3StandIn | null): Promise<Round> {
  const { client, sweeper } = surroundings;
  const objects = videos * objectsPerVideo;
  const cpu = await watchDatabase(client);
  await standIn?.takeCounts();
  const report = await sweeper.run({ endpoint: standIn?.endpoint ?? null, isPaced: false, workers: 1, endsAfterMs: null });
  const cpuMicros = await cpu();
  const counts = (await standIn?.takeCounts()) ?? null;
  const left = await countLeft(client);
  if (report.swept !== videos || report.finished !== videos || left !== 0 || (counts !== null && counts.keys !== objects)) {
    throw new Error(`Of ${videos} videos ${report.swept} were planned and ${report.finished} deleted; ${left} rows are left.`);
  }
  return {
    objects,
    planSecondsPer100k: round(report.planMs / 1000 / (objects / 100_000), 3),
    ...(counts === null ? {} : { deleteCallsPer1000Keys: round(counts.deleteCalls / (objects / 1000), 4) }),
    dbMicrosPerObject: round((report.queriedMs * 1000) / objects, 1),
    dbCpuMicrosPerObject: round(cpuMicros / objects, 1),
    objectsPerSecond: Math.round(objects / (report.totalMs / 1000)),
    startRssMb: report.startMb,
    peakRssMb: report.peakMb,
  };
}

async function countLeft(client: Client): Promise<number> {
  const { rows } = await client.query<{ left: string }>(
    `SELECT (SELECT count(*) FROM stored_objects o JOIN workspaces w ON w.id = o.workspace_id WHERE w.name = 'bench')
       + (SELECT count(*) FROM videos v JOIN workspaces w ON w.id = v.workspace_id WHERE w.name = 'bench') AS left`,
  );
  return Number(rows[0]?.left);
}

/** What others' requests take beside the sweeper as the product paces it: in a process of its own, or in the one that answers them. */
async function measureOthers(surroundings: Surroundings & { deps: Deps }, standIn: S3StandIn, isOneProcess: boolean): Promise<Beside> {
  const { client, sweeper, page, deps } = surroundings;
  await seed(client, pacedVideos);
  await standIn.takeCounts();
  const own = onStandIn(deps, standIn.endpoint);
  const inHere = async (ms: number) => {
    const signal = AbortSignal.timeout(ms);
    await sweepExpired(own);
    return workErasures(own, { signal, pace: 'yielding' });
  };
  const inSweeper = async (ms: number) =>
    (await sweeper.run({ endpoint: standIn.endpoint, isPaced: true, workers: productWorkers, endsAfterMs: ms })).finished;
  const beside = await measureBeside(page, async (ms) => (await (isOneProcess ? inHere : inSweeper)(ms)) * objectsPerVideo);
  const rounded = Object.fromEntries(Object.entries(beside).map(([name, value]) => [name, round(value as number, 2)])) as unknown as Beside;
  process.stdout.write(`Others, ${isOneProcess ? 'one process' : 'two processes'}: ${JSON.stringify(rounded)}\n`);
  return rounded;
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

/** Puts a file for every row where the disk driver keeps it. Their content is never read. */
async function fillDisk(client: Client, directory: string): Promise<void> {
  const { rows } = await client.query<{ key: string }>(
    'SELECT key FROM stored_objects WHERE video_id IN (SELECT id FROM videos WHERE deleted_at IS NULL AND expires_at IS NOT NULL)',
  );
  const made = new Set<string>();
  for (const { key } of rows) {
    const path = join(directory, 'objects/blobs', key);
    const folder = dirname(path);
    if (!made.has(folder)) {
      made.add(folder);
      mkdirSync(folder, { recursive: true });
    }
    writeFileSync(path, '');
  }
}

const parts = ['sweep', 'others', 'disk'] as const;

/** Measures; `CARMIC_BENCH_VIDEOS` videos (20,000 by default) and a tenth of them. */
export async function benchRetention(options: readonly string[] = []): Promise<Record<string, unknown>> {
  const wanted = options.length === 0 ? parts : parts.filter((part) => options.includes(part));
  const videos = Number(process.env['CARMIC_BENCH_VIDEOS'] ?? 20_000);
  const { server, directory, superuserUrl, env, stop } = await startBenchServer({
    env: { CARMIC_PORT: '0', CARMIC_RATE_LIMIT_PER_MINUTE: '1000000000' },
    processes: ['web'],
  });
  const client = new Client({ connectionString: superuserUrl });
  const closers: (() => Promise<void>)[] = [stop, () => client.end()];
  try {
    await client.connect();
    const { token, videoId } = await seedClipPage(server.deps);
    const page = { token, url: `${server.baseUrl}/api/v1/videos/${videoId}/clips` };
    const standIn = await startS3StandIn(objectsPerVideo);
    closers.push(() => standIn.stop());
    const sweeper = await startSweeper(env);
    closers.push(() => sweeper.stop());
    const surroundings = { client, sweeper, page, deps: server.deps };
    return {
      ...(wanted.includes('sweep') ? await benchSweep(surroundings, videos, standIn) : {}),
      ...(wanted.includes('others') ? await benchOthers(surroundings, standIn) : {}),
      ...(wanted.includes('disk') ? await benchDisk(surroundings, videos / 10, directory) : {}),
    };
  } finally {
    for (const closer of closers.reverse()) {
      await closer();
    }
  }
}

async function benchSweep(surroundings: Surroundings, videos: number, standIn: S3StandIn) {
  const rounds: Round[] = [];
  for (const count of [videos / 10, videos]) {
    await seed(surroundings.client, count);
    rounds.push(await measure(surroundings, count, standIn));
    process.stdout.write(`S3 stand-in: ${JSON.stringify(rounds.at(-1))}\n`);
  }
  const [tenth, whole] = rounds;
  if (tenth === undefined || whole === undefined) {
    throw new Error('Both rounds were measured.');
  }
  return {
    ...whole,
    startRssMb: tenth.startRssMb,
    peakRssMbAtATenth: tenth.peakRssMb,
    ratio: round(whole.dbMicrosPerObject / tenth.dbMicrosPerObject, 2),
    cpuRatio: round(whole.dbCpuMicrosPerObject / tenth.dbCpuMicrosPerObject, 2),
  };
}

async function benchOthers(surroundings: Surroundings & { deps: Deps }, standIn: S3StandIn) {
  const two = await measureOthers(surroundings, standIn, false);
  const one = await measureOthers(surroundings, standIn, true);
  return {
    p95Ratio: two.p95Ratio,
    p95Noise: two.noise,
    aloneP95Ms: two.aloneP95Ms,
    besideP95Ms: two.besideP95Ms,
    pacedObjectsPerSecond: two.objectsPerSecond,
    oneProcessP95Ratio: one.p95Ratio,
    oneProcessP95Noise: one.noise,
    oneProcessAloneP95Ms: one.aloneP95Ms,
    oneProcessBesideP95Ms: one.besideP95Ms,
    oneProcessPacedObjectsPerSecond: one.objectsPerSecond,
  };
}

async function benchDisk(surroundings: Surroundings, videos: number, directory: string) {
  await seed(surroundings.client, videos);
  await fillDisk(surroundings.client, directory);
  const disk = await measure(surroundings, videos, null);
  process.stdout.write(`Disk driver: ${JSON.stringify(disk)}\n`);
  return {
    diskObjects: disk.objects,
    diskObjectsPerSecond: disk.objectsPerSecond,
    diskDbMicrosPerObject: disk.dbMicrosPerObject,
    diskPeakRssMb: disk.peakRssMb,
  };
}
