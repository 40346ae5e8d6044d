/**
 * Requests concerning personal data: where they come from, how far they are, until when they must be answered, and what was done. What the console can
 * do at once is written down as done; the others wait in the administrators' queue. Keeps: G2, G4, G6.
 */
import type { PrivacyRequest, PrivacyRequestKind, RouteInput } from '@carmic/contract';
import { requireFresh } from '../../accounts/reauthenticate.ts';
import { AppError, notFound, wrongState } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { Person } from '../../http/request.ts';
import { orderArchive } from '../archive/archives.ts';
import { buryPeople, erasePerson } from './erasePerson.ts';
import { tellPerson } from './letters.ts';
import { changeRights } from './rights.ts';

interface RequestRow {
  id: string;
  kind: PrivacyRequestKind;
  channel: PrivacyRequest['channel'];
  state: PrivacyRequest['state'];
  user_id: string | null;
  subject_id: string | null;
  contact_sealed: Buffer | null;
  detail_sealed: Buffer | null;
  received_at: Date;
  deadline_at: Date;
  extended_at: Date | null;
  identity_checked_at: Date | null;
  closed_at: Date | null;
  receipt: string | null;
}

const context = (column: 'contact' | 'detail', id: string) => `privacy_requests.${column}:${id}`;
const noteContext = (id: string) => `privacy_request_log.note:${id}`;

/** Requests with their logs, as they leave the server. */
async function present(deps: Deps, tx: Tx, rows: readonly RequestRow[]): Promise<PrivacyRequest[]> {
  const { clock, db, sealer } = deps;
  const now = clock.now();
  const logs =
    rows.length === 0
      ? []
      : await db.rows<{
          id: string;
          request_id: string;
          action: string;
          actor_id: string | null;
          note_sealed: Buffer | null;
          created_at: Date;
        }>(tx, 'SELECT * FROM privacy_request_log WHERE request_id IN (:ids) ORDER BY created_at, id', { ids: rows.map((row) => row.id) });
  const opened = (column: 'contact' | 'detail', id: string, sealed: Buffer | null) =>
    sealed === null ? null : sealer.open(context(column, id), sealed);
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    channel: row.channel,
    state: row.state,
    userId: row.user_id,
    subjectId: row.subject_id,
    contact: opened('contact', row.id, row.contact_sealed),
    detail: opened('detail', row.id, row.detail_sealed),
    receivedAt: row.received_at.toISOString(),
    deadlineAt: row.deadline_at.toISOString(),
    isOverdue: row.state === 'open' && row.deadline_at <= now,
    extendedAt: row.extended_at?.toISOString() ?? null,
    identityCheckedAt: row.identity_checked_at?.toISOString() ?? null,
    closedAt: row.closed_at?.toISOString() ?? null,
    receipt: row.receipt === null ? null : (JSON.parse(row.receipt) as PrivacyRequest['receipt']),
    log: logs
      .filter((line) => line.request_id === row.id)
      .map((line) => ({
        action: line.action,
        actorId: line.actor_id,
        note: line.note_sealed === null ? null : sealer.open(noteContext(line.id), line.note_sealed),
        at: line.created_at.toISOString(),
      })),
  }));
}

async function readOne(deps: Deps, id: string): Promise<PrivacyRequest> {
  const [request] = await deps.db.asSystem(async (tx) =>
    present(deps, tx, await deps.db.rows<RequestRow>(tx, 'SELECT * FROM privacy_requests WHERE id = :id', { id })),
  );
  if (request === undefined) {
    throw notFound('request');
  }
  return request;
}

async function writeLog(
  deps: Deps,
  tx: Tx,
  line: { requestId: string; action: string; actorId: string | null; note?: string | undefined },
) {
  const id = newId();
  await deps.db.change(
    tx,
    `INSERT INTO privacy_request_log (id, request_id, action, actor_id, note_sealed, created_at)
     VALUES (:id, :requestId, :action, :actorId, :note, :now)`,
    {
      ...{ id, requestId: line.requestId, action: line.action, actorId: line.actorId, now: deps.clock.now() },
      note: line.note === undefined ? null : deps.sealer.seal(noteContext(id), line.note),
    },
  );
}

interface NewRequest {
  kind: PrivacyRequestKind;
  channel: PrivacyRequest['channel'];
  state: 'open' | 'done';
  userId: string | null;
  actorId: string;
  subjectId?: string | undefined;
  contact?: string | undefined;
  detail?: string | undefined;
  receivedAt?: Date | undefined;
  receipt?: string | undefined;
}

/** Writes a request down. Answers its id. */
export async function recordRequest(deps: Deps, tx: Tx, request: NewRequest): Promise<string> {
  const { clock, db, sealer } = deps;
  const id = newId();
  const sealed = (column: 'contact' | 'detail', value: string | undefined) =>
    value === undefined ? null : sealer.seal(context(column, id), value);
  await db.change(
    tx,
    `INSERT INTO privacy_requests (id, kind, channel, state, user_id, subject_id, contact_sealed, detail_sealed, received_at, deadline_at,
       closed_at, receipt)
     VALUES (:id, :kind, :channel, :state, :userId, :subjectId, :contact, :detail, :receivedAt,
       CAST(:receivedAt AS timestamptz) + interval '1 month', :closedAt, :receipt)`,
    {
      ...{ id, kind: request.kind, channel: request.channel, state: request.state, userId: request.userId },
      subjectId: request.subjectId ?? null,
      contact: sealed('contact', request.contact),
      detail: sealed('detail', request.detail),
      receivedAt: request.receivedAt ?? clock.now(),
      closedAt: request.state === 'done' ? clock.now() : null,
      receipt: request.receipt ?? null,
    },
  );
  await writeLog(deps, tx, { requestId: id, action: 'received', actorId: request.actorId });
  if (request.state === 'done') {
    await writeLog(deps, tx, { requestId: id, action: 'carried_out', actorId: request.actorId });
  }
  await deps.appendEvent(tx, {
    workspaceId: null,
    type: 'privacy.request_received',
    subjectId: id,
    actorId: request.actorId,
    data: { kind: request.kind, channel: request.channel },
  });
  return id;
}

/** A request that only a person can answer. Throws not_found when the video is none of theirs. */
export async function askPerson(deps: Deps, person: Person, body: RouteInput<'createOwnPrivacyRequest'>['body']): Promise<PrivacyRequest> {
  const { videoId } = body;
  if (videoId !== undefined) {
    const [video] = await deps.db.inWorkspace(person.workspaceId, (tx) =>
      deps.db.rows(tx, 'SELECT 1 FROM videos WHERE id = :videoId AND workspace_id = :workspaceId AND deleted_at IS NULL', {
        ...{ videoId, workspaceId: person.workspaceId },
      }),
    );
    if (video === undefined) {
      throw notFound('video');
    }
  }
  const id = await deps.db.asSystem((tx) =>
    recordRequest(deps, tx, {
      ...{ kind: body.kind, channel: 'console', state: 'open', userId: person.userId, actorId: person.userId },
      ...{ subjectId: videoId, detail: body.detail },
    }),
  );
  return readOne(deps, id);
}

/** A person's own requests, newest first. */
export async function listOwnRequests(deps: Deps, userId: string): Promise<PrivacyRequest[]> {
  return deps.db.asSystem(async (tx) =>
    present(
      deps,
      tx,
      await deps.db.rows<RequestRow>(tx, 'SELECT * FROM privacy_requests WHERE user_id = :userId ORDER BY received_at DESC, id LIMIT 100', {
        userId,
      }),
    ),
  );
}

/** Takes an open request back. */
export async function withdrawRequest(deps: Deps, person: Person, id: string): Promise<PrivacyRequest> {
  const found = await readOne(deps, id);
  if (found.userId !== person.userId) {
    throw notFound('request');
  }
  await deps.db.asSystem(async (tx) => {
    await close(deps, tx, id, 'withdrawn', null);
    await writeLog(deps, tx, { requestId: id, action: 'withdrawn', actorId: person.userId });
  });
  return readOne(deps, id);
}

/** The administrators' queue: open ones by deadline, then closed ones, newest first. */
export async function listRequests(deps: Deps, query: RouteInput<'listPrivacyRequests'>['query']) {
  return deps.db.asSystem(async (tx) => {
    const rows = await deps.db.rows<RequestRow>(
      tx,
      `SELECT * FROM privacy_requests ${query.state === 'open' ? "WHERE state = 'open'" : ''}
       ORDER BY state <> 'open', CASE WHEN state = 'open' THEN deadline_at END, received_at DESC, id LIMIT :limit`,
      { limit: query.limit },
    );
    return { items: await present(deps, tx, rows), nextCursor: null };
  });
}

/** Enters a request that came by mail; the account is found by its address. */
export async function enterRequest(deps: Deps, person: Person, body: RouteInput<'createPrivacyRequest'>['body']): Promise<PrivacyRequest> {
  const receivedAt = body.receivedAt === undefined ? undefined : new Date(body.receivedAt);
  const id = await deps.db.asSystem(async (tx) => {
    const [user] = await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM users WHERE lower(email) = lower(:email)', { email: body.email });
    return recordRequest(deps, tx, {
      ...{ kind: body.kind, channel: 'mail', state: 'open', userId: user?.id ?? null, actorId: person.userId },
      ...{ contact: body.email, detail: body.detail, receivedAt },
    });
  });
  await deps.db.asSystem((tx) => tellPerson(deps, tx, { to: body.email, letter: 'received', kind: body.kind }));
  return readOne(deps, id);
}

async function close(deps: Deps, tx: Tx, id: string, state: PrivacyRequest['state'], receipt: string | null): Promise<void> {
  const count = await deps.db.change(
    tx,
    "UPDATE privacy_requests SET state = :state, closed_at = :now, receipt = coalesce(:receipt, receipt) WHERE id = :id AND state = 'open'",
    { id, state, receipt, now: deps.clock.now() },
  );
  if (count === 0) {
    throw wrongState('This request is closed already.');
  }
  await deps.appendEvent(tx, { workspaceId: null, type: 'privacy.request_closed', subjectId: id, data: { state } });
}

/** Does one step of a request in the queue. Throws wrong_state, forbidden, conflict. */
export async function handleRequest(
  deps: Deps,
  person: Person,
  id: string,
  body: RouteInput<'handlePrivacyRequest'>['body'],
): Promise<PrivacyRequest> {
  const request = await readOne(deps, id);
  if (request.state !== 'open') {
    throw wrongState('This request is closed already.');
  }
  const log = (tx: Tx, action: string) => writeLog(deps, tx, { requestId: id, action, actorId: person.userId, note: body.note });
  const to = request.contact ?? (await emailOf(deps, request.userId));
  switch (body.action) {
    case 'check_identity':
      await deps.db.asSystem(async (tx) => {
        await deps.db.change(tx, 'UPDATE privacy_requests SET identity_checked_at = :now WHERE id = :id', { id, now: deps.clock.now() });
        await log(tx, 'identity_checked');
      });
      break;
    case 'extend':
      await deps.db.asSystem(async (tx) => {
        const count = await deps.db.change(
          tx,
          `UPDATE privacy_requests SET extended_at = :now, deadline_at = received_at + interval '3 months', reminded_at = NULL
           WHERE id = :id AND extended_at IS NULL AND deadline_at > :now`,
          { id, now: deps.clock.now() },
        );
        if (count === 0) {
          throw wrongState('A request can be extended once, and within the first month (article 12(3)).');
        }
        await log(tx, 'extended');
        await tellPerson(deps, tx, { to, letter: 'extended', kind: request.kind, reason: body.note });
      });
      break;
    case 'refuse':
      requireFresh(deps, person);
      await deps.db.asSystem(async (tx) => {
        await close(deps, tx, id, 'refused', null);
        await log(tx, 'refused');
        await tellPerson(deps, tx, { to, letter: 'refused', kind: request.kind, reason: body.note });
      });
      break;
    case 'carry_out':
      requireFresh(deps, person);
      await carryOut(deps, person, request, to, log);
      break;
  }
  return readOne(deps, id);
}

async function emailOf(deps: Deps, userId: string | null): Promise<string | null> {
  const [user] = await deps.db.systemRows<{ email: string }>('SELECT email FROM users WHERE id = :userId', { userId });
  return user?.email ?? null;
}

async function carryOut(
  deps: Deps,
  person: Person,
  request: PrivacyRequest,
  to: string | null,
  log: (tx: Tx, action: string) => Promise<void>,
): Promise<void> {
  const { id, kind, userId } = request;
  if (request.channel === 'mail' && request.identityCheckedAt === null) {
    throw new AppError('wrong_state', 'This request came by mail: first record how it was made sure who it is from.');
  }
  if (kind === 'access' && userId !== null) {
    await orderArchive(deps, userId, person.userId);
  }
  await deps.db.asSystem(async (tx) => {
    let receipt: string | null = null;
    if (kind === 'restriction' && userId !== null) {
      await changeRights(deps, tx, userId, { isRestricted: true }, person.userId);
    }
    if (kind === 'objection' && userId !== null) {
      await changeRights(deps, tx, userId, { objectsToStatistics: true, objectsToMarketing: true }, person.userId);
    }
    await log(tx, 'carried_out');
    if (kind === 'erasure' && userId !== null) {
      receipt = await erasePerson(deps, tx, userId, person.userId);
    }
    // After the erasure, which takes back what was waiting.
    await tellPerson(deps, tx, { to, letter: userId === null ? 'unknown' : 'done', kind });
    await close(deps, tx, id, 'done', receipt);
  });
  await buryPeople(deps);
}
