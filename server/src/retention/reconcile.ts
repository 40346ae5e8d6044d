/**
 * Compares the storage with the rows, both ways, with flat memory. Keeps: R6.
 *
 * The storage is listed once; keys are looked up in batches. A key without a row, or whose row says that its bytes are gone, is an orphan; it
 * is removed when it is over a day old. Rows that should have bytes are counted by workspace on the way, and only where some are missing the
 * videos of that workspace are listed one by one to name them. Missing files are reported and nothing is done about them.
 */
import type { Reconciliation } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import type { Deps } from '../deps.ts';
import { keys } from '../storage/keys.ts';

const batchSize = 1000;
/** Younger files may belong to a transaction that has not committed yet. */
const orphanAgeSeconds = 24 * 3600;
const everySeconds = 24 * 3600;
const maxFindings = 200;

type Counts = Reconciliation['counts'];
type Finding = Reconciliation['findings'][number];

const noCounts: Counts = {
  listedObjects: 0,
  orphans: 0,
  orphansRemoved: 0,
  youngOrphans: 0,
  missing: 0,
  openUploads: 0,
  openUploadsRemoved: 0,
};

interface Run {
  deps: Deps;
  isDryRun: boolean;
  startedAt: Date;
  counts: Counts;
  findings: Finding[];
  /** Ready rows whose bytes were found, by workspace. */
  found: Map<string, number>;
}

function note(run: Run, finding: Finding): void {
  if (run.findings.length < maxFindings) {
    run.findings.push(finding);
  }
}

/** Makes the row of a comparison that the caller does itself. Answers its id. */
export async function openReconciliation(deps: Deps, isDryRun: boolean): Promise<string> {
  const id = newId();
  await deps.db.asSystem((tx) =>
    deps.db.change(tx, 'INSERT INTO reconciliations (id, is_dry_run, started_at) VALUES (:id, :isDryRun, :now)', {
      id,
      isDryRun,
      now: deps.clock.now(),
    }),
  );
  return id;
}

/** Starts a comparison: its row and the job that does it. Answers its id. */
export async function startReconciliation(deps: Deps, isDryRun: boolean): Promise<string> {
  const id = await openReconciliation(deps, isDryRun);
  await deps.jobs.enqueue('storage.reconcile', { id });
  return id;
}

/** Starts the daily comparison when the last one is a day old. */
export async function reconcileDaily(deps: Deps): Promise<void> {
  const recent = await deps.db.asSystem((tx) =>
    deps.db.rows(tx, 'SELECT 1 FROM reconciliations WHERE started_at > :since LIMIT 1', {
      since: addSeconds(deps.clock.now(), -everySeconds),
    }),
  );
  if (recent.length === 0) {
    await startReconciliation(deps, false);
  }
}

/** Does one comparison and writes its report. Runs again safely. */
export async function reconcile(deps: Deps, id: string): Promise<void> {
  const { db, clock, log } = deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<{ is_dry_run: boolean }>(tx, 'SELECT is_dry_run FROM reconciliations WHERE id = :id AND finished_at IS NULL', { id }),
  );
  if (row === undefined) {
    return;
  }
  const counts: Counts = { ...noCounts };
  const run: Run = { deps, isDryRun: row.is_dry_run, startedAt: clock.now(), counts, findings: [], found: new Map() };
  await compareStore(run);
  await compareUploads(run);
  await compareRows(run);
  await db.asSystem((tx) =>
    db.change(
      tx,
      `UPDATE reconciliations SET finished_at = :now, counts = CAST(:counts AS jsonb), findings = CAST(:findings AS jsonb), failure = NULL
       WHERE id = :id`,
      { id, now: clock.now(), counts: JSON.stringify(counts), findings: JSON.stringify(run.findings) },
    ),
  );
  if (run.findings.length > 0) {
    log.warn({ reconciliationId: id, counts }, 'storage and rows differ');
    await db.asSystem((tx) => deps.appendEvent(tx, { workspaceId: null, type: 'storage.reconciled', subjectId: id, data: { ...counts } }));
  }
}

/** Every stored file against the rows. */
async function compareStore(run: Run): Promise<void> {
  let batch: { key: string; createdAt: Date }[] = [];
  for await (const object of run.deps.store.list(keys.allPrefix())) {
    batch.push(object);
    if (batch.length === batchSize) {
      await lookUp(run, batch);
      batch = [];
    }
  }
  await lookUp(run, batch);
}

async function lookUp(run: Run, objects: readonly { key: string; createdAt: Date }[]): Promise<void> {
  const { db, store } = run.deps;
  if (objects.length === 0) {
    return;
  }
  run.counts.listedObjects += objects.length;
  const rows = await db.asSystem((tx) =>
    db.rows<{ key: string; state: string; workspace_id: string; is_counted: boolean }>(
      tx,
      `SELECT key, state, workspace_id, (state = 'ready' AND created_at <= :startedAt) AS is_counted FROM stored_objects
       WHERE key IN (SELECT jsonb_array_elements_text(CAST(:keys AS jsonb)))`,
      { keys: JSON.stringify(objects.map((object) => object.key)), startedAt: run.startedAt },
    ),
  );
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const old = addSeconds(run.startedAt, -orphanAgeSeconds);
  const doomed: string[] = [];
  for (const { key, createdAt } of objects) {
    const row = byKey.get(key);
    if (row?.is_counted === true) {
      run.found.set(row.workspace_id, (run.found.get(row.workspace_id) ?? 0) + 1);
    }
    if (row !== undefined && row.state !== 'removed') {
      continue;
    }
    if (createdAt > old) {
      run.counts.youngOrphans += 1;
      continue;
    }
    run.counts.orphans += 1;
    note(run, { kind: 'orphan', key, since: createdAt.toISOString() });
    doomed.push(key);
  }
  if (!run.isDryRun && doomed.length > 0) {
    await store.delete(doomed);
    run.counts.orphansRemoved += doomed.length;
  }
}

/** Uploads in parts that no row knows, which a killed request can leave. */
async function compareUploads(run: Run): Promise<void> {
  const { db, store } = run.deps;
  const old = addSeconds(run.startedAt, -orphanAgeSeconds);
  for await (const open of store.listMultipart(keys.allPrefix())) {
    const known = await db.asSystem((tx) =>
      db.rows(tx, "SELECT 1 FROM uploads WHERE storage_upload_id = :uploadId AND state = 'open'", { uploadId: open.uploadId }),
    );
    if (known.length > 0 || open.createdAt > old) {
      continue;
    }
    run.counts.openUploads += 1;
    note(run, { kind: 'open_upload', key: open.key, since: open.createdAt.toISOString() });
    if (!run.isDryRun) {
      await store.abortMultipart(open.key, open.uploadId);
      run.counts.openUploadsRemoved += 1;
    }
  }
}

/** Every row that should have bytes against the storage. */
async function compareRows(run: Run): Promise<void> {
  const { db } = run.deps;
  const expected = await db.asSystem((tx) =>
    db.rows<{ workspace_id: string; count: string }>(
      tx,
      `SELECT o.workspace_id, count(*) AS count FROM stored_objects o LEFT JOIN videos v ON v.id = o.video_id
       WHERE o.state = 'ready' AND o.created_at <= :startedAt AND v.deleted_at IS NULL GROUP BY o.workspace_id`,
      { startedAt: run.startedAt },
    ),
  );
  for (const { workspace_id: workspaceId, count } of expected) {
    if (Number(count) > (run.found.get(workspaceId) ?? 0)) {
      await nameMissing(run, workspaceId);
    }
  }
}

async function nameMissing(run: Run, workspaceId: string): Promise<void> {
  const { db, store } = run.deps;
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const videos = await db.asSystem((tx) =>
      db.rows<{ id: string }>(
        tx,
        'SELECT id FROM videos WHERE workspace_id = :workspaceId AND id > :after AND deleted_at IS NULL ORDER BY id LIMIT :batchSize',
        { workspaceId, after, batchSize },
      ),
    );
    for (const { id } of videos) {
      const there = new Set<string>();
      for await (const object of store.list(keys.videoPrefix(workspaceId, id))) {
        there.add(object.key);
      }
      const rows = await db.asSystem((tx) =>
        db.rows<{ key: string; created_at: Date }>(
          tx,
          `SELECT o.key, o.created_at FROM stored_objects o JOIN videos v ON v.id = o.video_id
           WHERE o.video_id = :id AND o.state = 'ready' AND v.deleted_at IS NULL AND o.created_at <= :startedAt`,
          { id, startedAt: run.startedAt },
        ),
      );
      for (const row of rows.filter((each) => !there.has(each.key))) {
        run.counts.missing += 1;
        note(run, { kind: 'missing', key: row.key, since: row.created_at.toISOString() });
      }
    }
    const last = videos.at(-1);
    if (last === undefined || videos.length < batchSize) {
      break;
    }
    after = last.id;
  }
  await nameMissingOfBrands(run, workspaceId);
}

/** Files of brand kits belong to no video; a workspace has few of them. */
async function nameMissingOfBrands(run: Run, workspaceId: string): Promise<void> {
  const { db, store } = run.deps;
  const rows = await db.asSystem((tx) =>
    db.rows<{ key: string; created_at: Date }>(
      tx,
      `SELECT key, created_at FROM stored_objects
       WHERE workspace_id = :workspaceId AND video_id IS NULL AND state = 'ready' AND created_at <= :startedAt`,
      { workspaceId, startedAt: run.startedAt },
    ),
  );
  for (const row of rows) {
    if ((await store.head(row.key)) === null) {
      run.counts.missing += 1;
      note(run, { kind: 'missing', key: row.key, since: row.created_at.toISOString() });
    }
  }
}

/** Says that a comparison could not be done. */
export async function failReconciliation(deps: Deps, id: string, reason: string): Promise<void> {
  await deps.db.asSystem((tx) =>
    deps.db.change(tx, 'UPDATE reconciliations SET finished_at = :now, failure = :reason WHERE id = :id AND finished_at IS NULL', {
      id,
      now: deps.clock.now(),
      reason,
    }),
  );
}

const shownReports = 20;

/** The last comparisons, newest first; or one of them. */
export async function listReconciliations(deps: Deps, id?: string): Promise<Reconciliation[]> {
  const rows = await deps.db.asSystem((tx) =>
    deps.db.rows<{
      id: string;
      is_dry_run: boolean;
      started_at: Date;
      finished_at: Date | null;
      failure: string | null;
      counts: Partial<Counts>;
      findings: Finding[];
    }>(tx, `SELECT * FROM reconciliations ${id === undefined ? '' : 'WHERE id = :id'} ORDER BY started_at DESC LIMIT :shownReports`, {
      id,
      shownReports,
    }),
  );
  return rows.map((row) => ({
    id: row.id,
    isDryRun: row.is_dry_run,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    failure: row.failure,
    counts: { ...noCounts, ...row.counts },
    findings: row.findings,
  }));
}
