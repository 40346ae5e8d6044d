/** The statement of a month with more videos than a page holds: every line once, sums that are those of the ledger, and a file of all. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../server/src/core/ids.ts';
import { sealFileName, sealTitle } from '../../server/src/library/content.ts';
import { checkLedger } from '../../server/src/plans/checkLedger.ts';
import { reserveMinutes, settleMinutes } from '../../server/src/plans/usage.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

const videoCount = 2100;
let instance: TestInstance;
let who: Caller;
let stranger: Caller;
let raw: Client;
let departmentId: string;
const month = new Date().toISOString().slice(0, 7);
const deps = () => instance.server.deps;
type Page = Awaited<ReturnType<typeof readPage>>;
const readPage = (cursor?: string, limit = 100) =>
  who.call('getUsage', { query: { limit, month, ...(cursor === undefined ? {} : { cursor }) } });

/** Every page; `between` happens before each but the first. */
async function readAll(between: (page: Page) => Promise<unknown> = () => Promise.resolve()): Promise<Page[]> {
  const pages = [await readPage()];
  for (let last = pages[0]; last !== undefined && last.nextCursor !== null; last = pages.at(-1)) {
    await between(last);
    pages.push(await readPage(last.nextCursor));
  }
  return pages;
}
const linesOf = (pages: readonly Page[]) => pages.flatMap(({ lines }) => lines);
const sumOf = <T>(items: readonly T[], pick: (item: T) => number) => items.reduce((sum, item) => sum + pick(item), 0);

async function fetchFile(token: string, of = month): Promise<Response> {
  return fetch(new URL(`/api/v1/usage/statements/${of}`, instance.baseUrl), { headers: { authorization: `Bearer ${token}` } });
}

beforeAll(async () => {
  instance = await startInstance({
    processes: ['web'],
    env: { CARMIC_WATCHDOG_SECONDS: '86400', CARMIC_RATE_LIMIT_PER_MINUTE: '1000000' },
  });
  [who, stranger] = [await instance.createCaller(), await instance.createCaller()];
  ({ id: departmentId } = await who.call('createDepartment', { body: { name: 'Sales' } }));
  raw = new Client({ connectionString: instance.database.superuserUrl });
  await raw.connect();
  const ids = Array.from({ length: videoCount }, newId);
  // Many in one millisecond, as a take-over of an archive makes them; microseconds differ, and the order has to hold all the same.
  await raw.query(
    `INSERT INTO usage_entries (workspace_id, video_id, sequence, kind, seconds, month, created_at)
     SELECT CAST($1 AS uuid), v.id, 1, k.kind, CASE k.kind WHEN 'reserve' THEN 60 + v.at ELSE (CASE WHEN k.kind = 'commit' THEN 40 ELSE 20 + v.at END) END,
       CAST($3 AS date), CAST($3 AS date) + (v.at / 300) * interval '1 millisecond' + v.at * interval '1 microsecond'
     FROM unnest($2::uuid[]) WITH ORDINALITY AS v(id, at), (VALUES ('reserve'), ('commit'), ('release')) AS k(kind)`,
    [who.workspaceId, ids, `${month}-01`],
  );
  await raw.query(`INSERT INTO usage_months (workspace_id, month, used_seconds) VALUES ($1, CAST($2 AS date), $3)`, [
    who.workspaceId,
    `${month}-01`,
    videoCount * 40,
  ]);
  await raw.query(
    `INSERT INTO storage_entries (workspace_id, video_id, kind, bytes, created_at)
     SELECT CAST($1 AS uuid), v.id, 'change', 1000000 + v.at, now() - interval '40 days' FROM unnest($2::uuid[]) WITH ORDINALITY AS v(id, at) WHERE v.at % 2 = 0
     UNION ALL SELECT CAST($1 AS uuid), NULL, 'change', 5000000, now() - interval '40 days'`,
    [who.workspaceId, ids],
  );
  await raw.query(
    'INSERT INTO video_departments (video_id, workspace_id, department_id) SELECT id, CAST($1 AS uuid), CAST($3 AS uuid) FROM unnest(($2::uuid[])[1:700]) AS id',
    [who.workspaceId, ids, departmentId],
  );
  for (const [index, id] of ids.slice(0, 3).entries()) {
    await raw.query(
      `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options, created_at) VALUES ($1, $2, $3, $4, 1, 'ready', '{}', now())`,
      [id, who.workspaceId, sealTitle(deps(), id, `Talk, part ${index + 1}`), sealFileName(deps(), id, 'talk.mp4')],
    );
  }
}, 120_000);

afterAll(async () => {
  for (const table of ['videos', 'video_departments', 'usage_entries', 'usage_months', 'storage_entries']) {
    await raw.query(`DELETE FROM ${table} WHERE workspace_id = $1`, [who.workspaceId]);
  }
  await raw.end();
  await instance.stop();
});

test('pages of a statement hold each of 2,100 videos once, and every page has the sums of the ledger', async () => {
  const pages = await readAll();
  expect(pages).toHaveLength(21);
  const lines = linesOf(pages);
  expect(new Set(lines.map(({ videoId }) => videoId)).size).toBe(videoCount);
  expect(lines).toHaveLength(videoCount);
  const { rows } = await raw.query<{ used: string; released: string; others: string }>(
    `SELECT sum(seconds) FILTER (WHERE kind = 'commit') AS used, sum(seconds) FILTER (WHERE kind = 'release') AS released FROM usage_entries WHERE workspace_id = $1`,
    [who.workspaceId],
  );
  expect(sumOf(lines, (line) => line.usedSeconds)).toBe(Number(rows[0]?.used));
  expect(sumOf(lines, (line) => line.releasedSeconds)).toBe(Number(rows[0]?.released));
  const [first] = pages;
  for (const page of pages) {
    expect(page).toMatchObject({ usedSeconds: videoCount * 40, reservedSeconds: 0, videoCount });
    // All pages count storage until the moment of the first, although time goes on.
    expect(page.byteDays).toBe(first?.byteDays);
    expect(page.byDepartment).toEqual(first?.byDepartment);
  }
  expect(first?.byDepartment).toMatchObject([
    { departmentId, name: 'Sales', videoCount: 700, usedSeconds: 700 * 40 },
    { departmentId: null, videoCount: videoCount - 700, usedSeconds: (videoCount - 700) * 40 },
  ]);
  expect(
    sumOf(
      lines.filter((line) => line.departmentId === departmentId),
      (line) => line.byteDays,
    ),
  ).toBe(first?.byDepartment[0]?.byteDays);
  const ofNoVideo = (first?.byteDays ?? 0) - sumOf(lines, (line) => line.byteDays);
  expect(ofNoVideo).toBeGreaterThan(0);
  expect(lines.filter(({ title }) => title !== null).map(({ title }) => title)).toHaveLength(3);
});

test('a page size that does not divide the lines changes nothing', async () => {
  const whole = linesOf(await readAll()).map(({ videoId }) => videoId);
  const walked: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(cursor, 97);
    walked.push(...page.lines.map(({ videoId }) => videoId));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(walked).toEqual(whole);
});

test('what is entered while somebody turns pages repeats no line and loses none', async () => {
  const before = linesOf(await readAll()).map(({ videoId }) => videoId);
  const added: string[] = [];
  const { workspaceId } = who;
  const pages = await readAll(async ({ lines }) => {
    // A new video that is worked on, one more rendering and more storage of a video that was shown, and of one that is still to come.
    const id = newId();
    await deps().db.inWorkspace(workspaceId, async (tx) => {
      expect(await reserveMinutes(deps(), tx, { id, workspaceId }, 90)).toBeNull();
      await settleMinutes(deps(), tx, { id, workspaceId }, 1);
      for (const videoId of [lines[0]?.videoId ?? '', before.at(-1) ?? '']) {
        const rendering = { id: videoId, workspaceId, renditionId: newId() };
        expect(await reserveMinutes(deps(), tx, rendering, 30)).toBeNull();
        await settleMinutes(deps(), tx, rendering, 1);
        await deps().db.change(
          tx,
          "INSERT INTO storage_entries (workspace_id, video_id, kind, bytes, created_at) VALUES (:workspaceId, :videoId, 'change', 777, now())",
          { workspaceId, videoId },
        );
      }
    });
    added.push(id);
  });
  expect(added).toHaveLength(20);
  const seen = linesOf(pages).map(({ videoId }) => videoId);
  expect(seen).toEqual(before);
  // Sums are those of the moment of each page; the next reading has the new lines first.
  expect(pages.at(-1)?.usedSeconds).toBe(videoCount * 40 + 20 * (90 + 60));
  const after = linesOf(await readAll());
  expect(after.slice(0, 20).map(({ videoId }) => videoId)).toEqual([...added].reverse());
  expect(sumOf(after, (line) => line.usedSeconds)).toBe(pages.at(-1)?.usedSeconds);
  expect(sumOf(after, (line) => line.rerenderedSeconds)).toBe(20 * 60);
  // Days are the same minutes, looked at another way.
  const { items: days } = await who.call('listUsageDays', { query: { month } });
  expect(days.map(({ day }) => day)).toEqual([...new Set([`${month}-01`, new Date().toISOString().slice(0, 10)])]);
  expect(sumOf(days, (day) => day.firstSeconds + day.rerenderedSeconds)).toBe(pages.at(-1)?.usedSeconds);
  expect(sumOf(days, (day) => day.rerenderedSeconds)).toBe(20 * 60);
  expect(sumOf(days, (day) => day.releasedSeconds)).toBe(sumOf(after, (line) => line.releasedSeconds));
  const problems = await deps().db.asSystem((tx) => checkLedger(deps(), tx));
  expect(problems.filter(({ subject, text }) => subject === workspaceId && /limit is held/.test(text))).toEqual([]);
});

test('the file has every line once, adds up to the statement, and waits for a reader who is slow', async () => {
  const response = await fetchFile(who.token);
  expect(response.headers.get('content-disposition')).toContain(`carmic-${month}.csv`);
  expect(response.headers.get('content-type')).toContain('text/csv');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let piece = await reader?.read(); piece !== undefined && !piece.done; piece = await reader?.read()) {
    text += piece.value;
    await sleep(5);
  }
  const rows = text.trimEnd().split('\r\n');
  expect(rows[0]).toBe('month,video,title,department,used_seconds,rerendered_seconds,released_seconds,byte_days');
  // The titles of videos that are there have commas; no other field of these has.
  const cells = rows.slice(1).map((row) => row.replace(/"[^"]*"/, 'quoted').split(','));
  const ofVideos = cells.filter(([, id]) => id !== '');
  const statement = await readPage();
  expect(ofVideos).toHaveLength(statement.videoCount);
  expect(new Set(ofVideos.map(([, id]) => id)).size).toBe(statement.videoCount);
  expect(ofVideos.map(([, id]) => id)).toEqual(linesOf(await readAll()).map(({ videoId }) => videoId));
  expect(sumOf(cells, (row) => Number(row[4]))).toBe(statement.usedSeconds);
  expect(cells.at(-1)?.slice(0, 4)).toEqual([month, '', '', '']);
  // The statement was asked a little later: storage goes on by the second.
  expect(Math.abs(sumOf(cells, (row) => Number(row[7])) / statement.byteDays - 1)).toBeLessThan(0.01);
  expect(rows.filter((row) => row.includes('"Talk, part')).length).toBe(3);
});

test('cursors of another month or of nobody are refused, and another workspace sees nothing of this one', async () => {
  const { nextCursor } = await readPage();
  const codeOf = (query: object) =>
    who.call('getUsage', { query: { limit: 5, ...query } }).then(
      () => 'taken',
      (error: unknown) => (error as { code: string }).code,
    );
  expect(await codeOf({ month: '2025-01', cursor: nextCursor })).toBe('invalid_input');
  const farAway = '+275760-09-13T00:00:00.000Z';
  const ofTheEndOfTime = Buffer.from([month, farAway, farAway, crypto.randomUUID()].join('|')).toString('base64url');
  for (const cursor of ['', 'bm90IG9uZQ', Buffer.from('2026-03|x|y|z').toString('base64url'), ofTheEndOfTime]) {
    expect(await codeOf({ cursor }), cursor).toBe('invalid_input');
  }
  expect(await stranger.call('getUsage', { query: { month, cursor: nextCursor ?? '' } })).toMatchObject({
    lines: [],
    videoCount: 0,
    usedSeconds: 0,
  });
  expect((await (await fetchFile(stranger.token)).text()).trimEnd().split('\r\n')).toHaveLength(1);
  expect((await fetchFile(who.token, '2026-13')).status).toBe(400);
});
