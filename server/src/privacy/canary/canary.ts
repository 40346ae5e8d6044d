/**
 * The canary: an optional account of the installation's own that uploads, is worked on, is exported, deletes and expires once a day, so that a promise that
 * broke is noticed before a customer does. Off by default, and without a trace then. Each round of the watchdog takes it one step further; the rows say how
 * far it is, so that a restart goes on. It counts nowhere: every sum of the installation leaves its workspace out. Keeps: R1, R5, G5.
 */
import { canaryStepNames, type CanaryStepName } from '@carmic/contract';
import { addSeconds } from '../../core/clock.ts';
import { describeError } from '../../core/describeError.ts';
import type { Deps } from '../../deps.ts';
import { ensureCanary, removeCanary } from './canaryAccount.ts';
import { type Outcome, type Run, steps } from './steps.ts';

/** From the beginning of a run to the next. */
const runSeconds = 24 * 3600;

interface Row {
  step: CanaryStepName;
  state: 'waiting' | 'running' | 'ok' | 'failed' | 'skipped';
  started_at: Date | null;
  subject_id: string | null;
}

/** Takes the canary one step further; removes it where it was switched off. */
export async function runCanary(deps: Deps): Promise<void> {
  if (deps.env.CARMIC_CANARY === 'off') {
    await removeCanary(deps);
    return;
  }
  const person = await ensureCanary(deps);
  await beginWhenDue(deps);
  const rows = await deps.db.systemRows<Row>('SELECT step, state, started_at, subject_id FROM canary_probes');
  const rowOf = (name: CanaryStepName) => rows.find(({ step }) => step === name);
  const current = canaryStepNames.map(rowOf).find((row) => row?.state === 'waiting' || row?.state === 'running');
  if (current === undefined) {
    return;
  }
  const run: Run = {
    person,
    videoId: rowOf('upload')?.subject_id ?? null,
    startedAt: current.started_at ?? deps.clock.now(),
    subjectId: current.subject_id,
  };
  if (current.state === 'waiting') {
    await begin(deps, current.step, run);
  } else {
    await lookAt(deps, current, run);
  }
}

/** Starts a run when the one before is a day old; several workers ask, and one of them is right. */
async function beginWhenDue(deps: Deps): Promise<void> {
  const { clock, db } = deps;
  await db.asSystem(async (tx) => {
    await db.rows(tx, "SELECT pg_advisory_xact_lock(hashtext('carmic canary'))");
    const due = await db.rows(
      tx,
      `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM canary_probes WHERE step = 'upload' AND (started_at IS NULL OR started_at > :before))
         AND NOT EXISTS (SELECT 1 FROM canary_probes WHERE state IN ('waiting', 'running'))`,
      { before: addSeconds(clock.now(), -runSeconds) },
    );
    if (due.length === 0) {
      return;
    }
    for (const step of canaryStepNames) {
      await db.change(
        tx,
        `INSERT INTO canary_probes (step, state) VALUES (:step, 'waiting')
         ON CONFLICT (step) DO UPDATE SET state = 'waiting', started_at = NULL, finished_at = NULL, subject_id = NULL`,
        { step },
      );
    }
  });
}

async function begin(deps: Deps, name: CanaryStepName, run: Run): Promise<void> {
  const { clock, db } = deps;
  const now = clock.now();
  const isOurs = await db.asSystem((tx) =>
    db.change(tx, "UPDATE canary_probes SET state = 'running', started_at = :now WHERE step = :name AND state = 'waiting'", { name, now }),
  );
  if (isOurs === 0) {
    return;
  }
  const begun = await steps[name].begin(deps, { ...run, startedAt: now }).catch(failureOf);
  if ('state' in begun) {
    await finish(deps, name, begun);
    return;
  }
  await db.asSystem((tx) =>
    db.change(tx, 'UPDATE canary_probes SET subject_id = :subjectId WHERE step = :name', { name, subjectId: begun.subjectId }),
  );
}

async function lookAt(deps: Deps, { step: name, subject_id: subjectId }: Row, run: Run): Promise<void> {
  // Without a subject another worker is at it, or has died over it.
  const outcome = subjectId === null ? null : await steps[name].look(deps, run).catch(failureOf);
  const isLate = addSeconds(run.startedAt, steps[name].patienceSeconds) <= deps.clock.now();
  const ended = outcome ?? (isLate ? ({ state: 'failed', reason: 'time_limit' } as const) : null);
  if (ended !== null) {
    await finish(deps, name, ended);
  }
}

function failureOf(error: unknown): Outcome {
  const { message, type } = describeError(error);
  return { state: 'failed', reason: `${type}: ${message}`.slice(0, 300) };
}

async function finish(deps: Deps, step: CanaryStepName, outcome: Outcome): Promise<void> {
  const isOk = outcome.state === 'ok';
  await deps.db.asSystem((tx) =>
    deps.db.change(
      tx,
      `UPDATE canary_probes SET state = :state, finished_at = :now, is_ok = CAST(:verdict AS boolean), reason = :reason,
         subject_id = COALESCE(CAST(:subjectId AS uuid), subject_id),
         seconds = CASE WHEN :isOk THEN CAST(:seconds AS float) ELSE seconds END,
         succeeded_at = CASE WHEN :isOk THEN CAST(:now AS timestamptz) ELSE succeeded_at END
       WHERE step = :step AND state = 'running'`,
      {
        step,
        state: outcome.state,
        isOk,
        verdict: outcome.state === 'skipped' ? null : isOk,
        reason: isOk ? null : outcome.reason,
        seconds: isOk ? outcome.seconds : null,
        subjectId: isOk ? (outcome.subjectId ?? null) : null,
        now: deps.clock.now(),
      },
    ),
  );
  if (!isOk) {
    deps.log[outcome.state === 'failed' ? 'warn' : 'info'](
      { reason: `${step}: ${outcome.reason}` },
      'a step of the canary did not succeed',
    );
  }
}
