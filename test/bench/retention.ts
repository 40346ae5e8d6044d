/**
 * The retention bench: expired videos are planned and deleted through the product's own saga, on a database filled with rows, once against a
 * stand-in of S3 that counts calls and once against the disk driver.
 *
 * `dbMicrosPerObject` is the time the saga waited for the database, planning included; `dbCpuMicrosPerObject` is the processor time of
 * PostgreSQL for the same, which other programs on the machine do not blur. `peakRssMb` is the whole process, the bench's own memory and the
 * loaded program included, which `startRssMb` says. `ratio` is the first at ten times the rows over that before.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import type { Deps } from '../../server/src/deps.ts';
import { workErasures } from '../../server/src/retention/erasure/work.ts';
import { sweepExpired } from '../../server/src/retention/sweep.ts';
import type { ObjectStore } from '../../server/src/storage/objectStore.ts';
import { appRole } from '../../server/src/db/roles.ts';
import { startBenchServer } from './support/benchServer.ts';

const objectsPerVideo = 50;
const workspaceCount = 40;
/** What one DeleteObjects call of S3 takes. */
const keysPerCall = 1000;

interface Round {
  objects: number;
  planSecondsPer100k: number;
  deleteCallsPer1000Keys: number;
  dbMicrosPerObject: number;
  dbCpuMicrosPerObject: number;
  objectsPerSecond: number;
}

/** Fills a database with expired videos of 50 objects each. */
async function seed(client: Client, videos: number): Promise<void> {
  await client.query('DELETE FROM stored_objects; DELETE FROM videos; DELETE FROM workspaces WHERE name = $$bench$$');
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
     FROM videos v, generate_series(0, $1) g`,
    [objectsPerVideo - 1],
  );
  await client.query('VACUUM ANALYZE');
}

/** A bucket that knows how many objects each video has left, and counts calls. */
function createStandIn(perVideo: number) {
  const left = new Map<string, number>();
  const counts = { deleteCalls: 0, keys: 0 };
  const videoOf = (key: string) => key.split('/')[3] ?? '';
  const bucket: Partial<ObjectStore> = {
    delete(keys) {
      counts.deleteCalls += Math.ceil(keys.length / keysPerCall);
      counts.keys += keys.length;
      for (const key of keys) {
        const video = videoOf(key);
        left.set(video, (left.get(video) ?? perVideo) - 1);
      }
      return Promise.resolve();
    },
    async *listVersions(prefix) {
      await Promise.resolve();
      const count = left.get(videoOf(prefix)) ?? perVideo;
      for (let index = 0; index < count; index += 1) {
        yield { key: `${prefix}source`, versionId: '', isLatest: true, isMarker: false, sizeBytes: 1, createdAt: new Date() };
      }
    },
  };
  return { bucket, counts };
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

/** Sums up how long queries were waited for. */
function timeQueries(deps: Deps): { readonly ms: number; reset(): void } {
  const { sequelize } = deps.db;
  const query = sequelize.query.bind(sequelize) as (...args: unknown[]) => Promise<unknown>;
  let ms = 0;
  sequelize.query = (async (...args: unknown[]) => {
    const startedAt = performance.now();
    try {
      return await query(...args);
    } finally {
      ms += performance.now() - startedAt;
    }
  }) as typeof sequelize.query;
  return {
    get ms() {
      return ms;
    },
    reset: () => {
      ms = 0;
    },
  };
}

async function measure(
  deps: Deps,
  client: Client,
  videos: number,
  queries: ReturnType<typeof timeQueries>,
  bucket: Partial<ObjectStore>,
  calls: () => number,
): Promise<Round> {
  const objects = videos * objectsPerVideo;
  const quiet: Deps = { ...deps, store: Object.assign(Object.create(deps.store) as ObjectStore, bucket) };
  const cpu = await watchDatabase(client);
  queries.reset();
  const startedAt = performance.now();
  const swept = await sweepExpired(quiet);
  const planSeconds = (performance.now() - startedAt) / 1000;
  const finished = await workErasures(quiet, { isUnpaced: true });
  const seconds = (performance.now() - startedAt) / 1000;
  const dbMs = queries.ms;
  const cpuMicros = await cpu();
  const { rows } = await client.query<{ left: string }>(
    'SELECT (SELECT count(*) FROM stored_objects) + (SELECT count(*) FROM videos) AS left',
  );
  if (swept !== videos || finished !== videos || rows[0]?.left !== '0') {
    throw new Error(`Of ${videos} videos ${swept} were planned and ${finished} deleted; ${rows[0]?.left} rows are left.`);
  }
  return {
    objects,
    planSecondsPer100k: round(planSeconds / (objects / 100_000), 3),
    deleteCallsPer1000Keys: round(calls() / (objects / 1000), 4),
    dbMicrosPerObject: round((dbMs * 1000) / objects, 1),
    dbCpuMicrosPerObject: round(cpuMicros / objects, 1),
    objectsPerSecond: Math.round(objects / seconds),
  };
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

/** Puts a file for every row where the disk driver keeps it. Their content is never read. */
async function fillDisk(client: Client, directory: string): Promise<void> {
  const { rows } = await client.query<{ key: string }>('SELECT key FROM stored_objects');
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

/** Measures; `CARMIC_BENCH_VIDEOS` videos (20,000 by default) and a tenth of them. */
export async function benchRetention(): Promise<Record<string, unknown>> {
  const videos = Number(process.env['CARMIC_BENCH_VIDEOS'] ?? 20_000);
  let peak = 0;
  const memory = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  const { server, directory, superuserUrl, stop } = await startBenchServer({ processes: [] });
  const client = new Client({ connectionString: superuserUrl });
  try {
    await client.connect();
    const startRssMb = Math.round(process.memoryUsage.rss() / 1e6);
    const queries = timeQueries(server.deps);
    const rounds: Round[] = [];
    for (const count of [videos / 10, videos]) {
      await seed(client, count);
      const { bucket, counts } = createStandIn(objectsPerVideo);
      rounds.push(await measure(server.deps, client, count, queries, bucket, () => counts.deleteCalls));
      process.stdout.write(`S3 stand-in: ${JSON.stringify(rounds.at(-1))}\n`);
    }
    const onBucket = Math.round(peak / 1e6);
    await seed(client, videos / 10);
    await fillDisk(client, directory);
    const disk = await measure(server.deps, client, videos / 10, queries, {}, () => 0);
    process.stdout.write(`Disk driver: ${JSON.stringify(disk)}\n`);
    const [tenth, whole] = rounds;
    if (tenth === undefined || whole === undefined) {
      throw new Error('Both rounds were measured.');
    }
    return {
      ...whole,
      startRssMb,
      peakRssMb: onBucket,
      ratio: round(whole.dbMicrosPerObject / tenth.dbMicrosPerObject, 2),
      cpuRatio: round(whole.dbCpuMicrosPerObject / tenth.dbCpuMicrosPerObject, 2),
      diskObjects: disk.objects,
      diskObjectsPerSecond: disk.objectsPerSecond,
      diskDbMicrosPerObject: disk.dbMicrosPerObject,
    };
  } finally {
    clearInterval(memory);
    await client.end();
    await stop();
  }
}
