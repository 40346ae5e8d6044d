/**
 * Jobs: nudges that run later, in a worker. Agenda is the clock and the wake-up, never the truth: a payload is ids only, a handler
 * checks the rows and may run twice. Attempts are counted here before a handler runs, so that one which kills its process still ends.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { PostgresBackend } from '@agendajs/postgres-backend';
import { Agenda, type Job as AgendaJob } from 'agenda';
import { Pool } from 'pg';
import type { z } from 'zod';
import { describeError } from '../core/describeError.ts';
import type { Log } from '../core/log.ts';
import { type EgressScope, inEgressScope } from '../egress/egressScope.ts';
import type { Database } from '../db/database.ts';
import { readDatabaseAddress } from '../db/tls.ts';

export interface JobDefinition<P> {
  name: string;
  payload: z.ZodType<P>;
  run: (payload: P) => Promise<void>;
  /** Called once when every attempt has failed. */
  onExhausted?: (payload: P, reason: string) => Promise<void>;
  maxAttempts?: number;
  concurrency?: number;
}

export interface Jobs {
  define<P>(definition: JobDefinition<P>): void;
  /** Call after the transaction that made the work has committed. */
  enqueue(name: string, payload: Record<string, unknown>, delaySeconds?: number): Promise<void>;
  every(name: string, intervalSeconds: number): void;
  /** `handled`: whoever the work is for is told when it fails for good, and tries again there. Null: nobody here does such a job. */
  kindOf(name: string): 'plain' | 'handled' | null;
  start(): Promise<void>;
  /** Takes no more jobs and waits for the running ones. */
  drain(): Promise<void>;
}

/** A job whose worker died starts again after this; a living worker extends its lock. */
const lockMs = 60_000;
const drainMs = 15_000;
/** How long administrators see that a job failed for good. */
const failureDays = 30;
/** Agenda writes a job's end after its handler has ended. */
const settleMs = 100;

interface Envelope {
  key: string;
  payload: Record<string, unknown>;
}

/** How long a third party asked us to wait, from an error that carries it; at most ten minutes. */
function askedDelayMs(error: unknown): number {
  const seconds = (error as { retryAfterSeconds?: unknown } | null)?.retryAfterSeconds;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? Math.min(600, Math.max(0, seconds)) * 1000 : 0;
}

/**
 * Agenda connects as soon as it is made and nobody hears of a failure there, which would end the process. A database that is not there yet
 * is waited for instead.
 */
function connectPatiently(backend: PostgresBackend, onFailure: (error: unknown) => void): void {
  const connect = backend.connect.bind(backend);
  backend.connect = async () => {
    for (;;) {
      try {
        return await connect();
      } catch (error) {
        onFailure(error);
        await setTimeout(1000, undefined, { ref: false });
      }
    }
  };
}

/** For whom a job works, where its payload says so: calls of third parties are written down for them. */
function scopeOf(payload: unknown): EgressScope {
  const { workspaceId = null, videoId = null } = (payload ?? {}) as Partial<EgressScope>;
  return { workspaceId, videoId };
}

function openAgenda(pool: Pool, log: Log, onConnectionError: (error: unknown) => void) {
  const backend = new PostgresBackend({ pool, ensureSchema: false });
  backend.notificationChannel?.on('error', onConnectionError);
  connectPatiently(backend, onConnectionError);
  const agenda = new Agenda({
    backend,
    processEvery: 1000,
    defaultConcurrency: 4,
    maxConcurrency: 12,
    removeOnComplete: true,
  });
  agenda.on('error', (error: unknown) => log.warn({ err: error }, 'the job runner lost its database and tries again'));
  return { agenda, backend };
}

/** Builds the job runner; without `start` it only enqueues, and before the first job is defined or enqueued it has no connection. */
export function createJobs(options: { databaseUrl: string; db: Database; log: Log }): Jobs {
  const { db, log } = options;
  const { url, ssl } = readDatabaseAddress(options.databaseUrl);
  const pool = new Pool({ connectionString: url, ssl, max: 4, application_name: 'carmic-jobs' });
  // A connection that dies, idle or not, must not take the process with it: the pool opens another one.
  const onConnectionError = (error: unknown) => log.warn({ err: error }, 'the job runner lost a database connection');
  pool.on('error', onConnectionError);
  pool.on('connect', (client) => client.on('error', onConnectionError));
  let opened: { agenda: Agenda; backend: PostgresBackend } | null = null;
  const open = () => (opened ??= openAgenda(pool, log, onConnectionError));
  const kinds = new Map<string, 'plain' | 'handled'>();
  const intervals: { name: string; intervalSeconds: number }[] = [];
  const running = new Set<Promise<void>>();
  let ready: Promise<unknown> | null = null;
  const connected = () => (ready ??= Promise.resolve(open().agenda.ready));

  const countAttempt = (key: string, name: string): Promise<number> =>
    db.asSystem(async (tx) => {
      const [row] = await db.rows<{ attempts: number }>(
        tx,
        `INSERT INTO job_failures (job_id, name, attempts, updated_at) VALUES (:key, :name, 1, now())
         ON CONFLICT (job_id) DO UPDATE SET attempts = job_failures.attempts + 1, updated_at = now() RETURNING attempts`,
        { key, name },
      );
      return row?.attempts ?? 1;
    });
  const forget = (key: string): Promise<number> =>
    db.asSystem((tx) => db.change(tx, 'DELETE FROM job_failures WHERE job_id = :key', { key }));
  const noteReason = (key: string, error: unknown): Promise<number> =>
    db.asSystem((tx) =>
      db.change(tx, 'UPDATE job_failures SET reason = :reason WHERE job_id = :key', { key, reason: describeError(error).message }),
    );
  /** Keeps what failed for good, so that an administrator can try it again. What is sealed may be of people, and is not kept. */
  const keepFailure = (key: string, payload: Record<string, unknown>): Promise<number> =>
    db.asSystem(async (tx) => {
      await db.change(tx, `DELETE FROM job_failures WHERE failed_at < now() - interval '${failureDays} days'`);
      return db.change(
        tx,
        'UPDATE job_failures SET failed_at = now(), updated_at = now(), payload = CAST(:payload AS jsonb) WHERE job_id = :key',
        {
          key,
          payload: 'sealed' in payload ? null : JSON.stringify(payload),
        },
      );
    });

  const runOnce = async <P>(definition: JobDefinition<P>, job: AgendaJob) => {
    const { key, payload } = (job.attrs.data ?? {}) as Partial<Envelope>;
    const maxAttempts = definition.maxAttempts ?? 5;
    if (key === undefined) {
      // A recurring job: the next turn is its retry.
      await definition.run(definition.payload.parse(payload ?? {}));
      return;
    }
    const parsed = definition.payload.parse(payload);
    const attempt = await countAttempt(key, definition.name);
    if (attempt <= maxAttempts) {
      try {
        await inEgressScope(scopeOf(parsed), () => definition.run(parsed));
        await forget(key);
        return;
      } catch (error) {
        log.warn({ err: error, job: definition.name, attempt }, 'a job failed');
        await noteReason(key, error);
        if (attempt < maxAttempts) {
          const delayMs = Math.max(Math.min(60_000, 500 * 2 ** attempt), askedDelayMs(error));
          await open().agenda.schedule(new Date(Date.now() + delayMs), definition.name, { key, payload });
          return;
        }
      }
    }
    await definition.onExhausted?.(parsed, `the job ${definition.name} failed ${maxAttempts} times`);
    await keepFailure(key, payload ?? {});
  };

  return {
    kindOf: (name) => kinds.get(name) ?? null,
    define<P>(definition: JobDefinition<P>) {
      kinds.set(definition.name, definition.onExhausted === undefined ? 'plain' : 'handled');
      open().agenda.define(
        definition.name,
        async (job: AgendaJob) => {
          const keepLock = setInterval(() => {
            job
              .touch()
              .catch((error: unknown) => log.warn({ err: error, job: definition.name }, 'the lock of a job could not be extended'));
          }, lockMs / 4);
          const run = runOnce(definition, job);
          running.add(run);
          try {
            await run;
          } catch (error) {
            log.error({ err: error, job: definition.name }, 'a job failed');
            throw error;
          } finally {
            clearInterval(keepLock);
            running.delete(run);
          }
        },
        { concurrency: definition.concurrency ?? 4, lockLifetime: lockMs },
      );
    },
    async enqueue(name, payload, delaySeconds = 0) {
      db.requireOutside();
      await connected();
      const envelope: Envelope = { key: randomUUID(), payload };
      if (delaySeconds > 0) {
        await open().agenda.schedule(new Date(Date.now() + delaySeconds * 1000), name, envelope);
      } else {
        await open().agenda.now(name, envelope);
      }
    },
    every(name, intervalSeconds) {
      intervals.push({ name, intervalSeconds });
    },
    async start() {
      await connected();
      await open().agenda.start();
      for (const { name, intervalSeconds } of intervals) {
        await open().agenda.every(intervalSeconds * 1000, name);
      }
    },
    async drain() {
      // Agenda's own drain looks once, a moment too early, and can wait for ever; its stop frees what has not begun.
      await opened?.agenda.stop(false);
      const endsAt = performance.now() + drainMs;
      while (running.size > 0 && performance.now() < endsAt) {
        await Promise.race([Promise.allSettled(running), setTimeout(drainMs / 10, undefined, { ref: false })]);
      }
      await setTimeout(settleMs);
      await opened?.backend.disconnect();
      await pool.end();
    },
  };
}
