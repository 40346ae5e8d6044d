/**
 * Who is calling, by session or by API key: one question to the database for each request, and none of its own where the caller is remembered
 * and the answer travels with the page (http/proof.ts). The same rules for both, so that a program's page costs what a person's costs.
 */
import type { Role, Scope } from '@carmic/contract';
import { isInRanges } from '../core/addresses.ts';
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { addressContext } from './apiKeys.ts';
import { createRememberedPeople } from './rememberedPeople.ts';

/** A session that nobody used for this long ends (OWASP ASVS 5, 7.3.1). */
const idleSeconds = 14 * 24 * 3600;
/** How exactly the last use is kept. */
const sessionSeenEverySeconds = 300;
const keyUsedEverySeconds = 60;

/** What the function `session_actor` answers. */
export interface SessionRow {
  session_id: string;
  user_id: string;
  workspace_id: string;
  role: Role;
  is_admin: boolean;
  last_seen_at: Date;
  authenticated_at: Date;
  has_second_factor: boolean;
  second_factor_for: string[] | null;
  is_workspace_suspended: boolean;
}

/** The question whose session a token is, in the asked workspace or the session's own. */
export function sessionQuestion(tokenHash: Buffer, workspaceId: string | null, now: Date): Question {
  return {
    sql: 'SELECT * FROM session_actor(:tokenHash, :workspaceId, :now, :idleSince)',
    values: { tokenHash, workspaceId, now, idleSince: addSeconds(now, -idleSeconds) },
  };
}

/** The person of a session, as requests carry them. */
export function personOfSession(row: SessionRow): Person {
  const demanded = row.second_factor_for ?? [];
  return {
    kind: 'person',
    userId: row.user_id,
    sessionId: row.session_id,
    workspaceId: row.workspace_id,
    role: row.role,
    isAdmin: row.is_admin,
    scopes: null,
    authenticatedAt: row.authenticated_at,
    needsSecondFactor: !row.has_second_factor && (demanded.includes(row.role) || (row.is_admin && demanded.includes('admin'))),
    isWorkspaceSuspended: row.is_workspace_suspended,
  };
}

/** What the function `key_actor` answers. */
interface KeyRow {
  key_id: string;
  user_id: string;
  workspace_id: string;
  role: Role;
  is_admin: boolean;
  scopes: Scope[];
  addresses: string[];
  last_used_at: Date | null;
  is_workspace_suspended: boolean;
}

function personOfKey(row: KeyRow): Person {
  return {
    kind: 'person',
    userId: row.user_id,
    sessionId: row.key_id,
    workspaceId: row.workspace_id,
    role: row.role,
    isAdmin: row.is_admin,
    scopes: row.scopes,
    authenticatedAt: new Date(0),
    needsSecondFactor: false,
    isWorkspaceSuspended: row.is_workspace_suspended,
  };
}

interface Question {
  sql: string;
  values: Record<string, unknown>;
}

/** How one kind of credential is asked for and read. */
interface Kind<R extends object> {
  question(tokenHash: Buffer, workspaceId: string | null, now: Date): Question;
  /** What is said of the caller, but for the time of the last use. */
  saying(row: R): string;
  toPerson(row: R): Person;
  /** Whether it opens anything from this address. */
  isOpenTo(row: R, address: string): boolean;
  lastUsedAt(row: R): Date | null;
  usedEverySeconds: number;
  noteUse(tx: Tx, row: R, address: string, now: Date): Promise<unknown>;
}

/** Finds who a token stands for; null when it opens nothing from this address. With `isProvenLater` they may be remembered only. */
export type FindCaller = (
  token: string,
  workspaceId: string | null,
  call: { address: string; isProvenLater: boolean },
) => Promise<Person | null>;

function createFinder<R extends object>({ db, clock }: Deps, kind: Kind<R>): FindCaller {
  const people = createRememberedPeople<R>();
  const isUsedLately = (lastUsedAt: Date | null, now: Date) =>
    lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() <= kind.usedEverySeconds * 1000;
  return async (token, workspaceId, { address, isProvenLater }) => {
    const tokenHash = hashSecret(token);
    const now = clock.now();
    const question = kind.question(tokenHash, workspaceId, now);
    const known = isProvenLater ? people.find(tokenHash, workspaceId) : null;
    if (known !== null && isUsedLately(known.lastUsedAt, now) && kind.isOpenTo(known.row, address)) {
      const holds = (rows: readonly object[]) => rows[0] !== undefined && kind.saying(rows[0] as R) === known.said;
      return { ...known.person, proof: { reading: { workspaceId: null, ...question }, holds, isProven: false } };
    }
    const [row] = await db.systemRows<R>(question.sql, question.values);
    if (row === undefined || !kind.isOpenTo(row, address)) {
      people.forget(tokenHash, workspaceId);
      return null;
    }
    const isLately = isUsedLately(kind.lastUsedAt(row), now);
    if (!isLately) {
      await db.asSystem((tx) => kind.noteUse(tx, row, address, now));
    }
    const person = kind.toPerson(row);
    people.keep(tokenHash, workspaceId, { person, row, said: kind.saying(row), lastUsedAt: isLately ? kind.lastUsedAt(row) : now });
    return person;
  };
}

/** Finds people by the tokens of their sessions. */
export function createFindPerson(deps: Deps): FindCaller {
  return createFinder<SessionRow>(deps, {
    question: sessionQuestion,
    saying: ({ last_seen_at: _, ...row }) => JSON.stringify(row),
    toPerson: personOfSession,
    isOpenTo: () => true,
    lastUsedAt: (row) => row.last_seen_at,
    usedEverySeconds: sessionSeenEverySeconds,
    noteUse: (tx, row, _, now) => deps.db.change(tx, 'UPDATE sessions SET last_seen_at = :now WHERE id = :id', { now, id: row.session_id }),
  });
}

/** Finds whom API keys act for. A key belongs to one workspace, whatever the call asks for; the address of its last use is sealed. */
export function createFindByApiKey(deps: Deps): FindCaller {
  return createFinder<KeyRow>(deps, {
    question: (keyHash, _, now) => ({ sql: 'SELECT * FROM key_actor(:keyHash, :now)', values: { keyHash, now } }),
    saying: ({ last_used_at: _, ...row }) => JSON.stringify(row),
    toPerson: personOfKey,
    isOpenTo: ({ addresses }, address) => addresses.length === 0 || isInRanges(address, addresses),
    lastUsedAt: (row) => row.last_used_at,
    usedEverySeconds: keyUsedEverySeconds,
    noteUse: (tx, row, address, now) =>
      deps.db.change(tx, 'UPDATE api_keys SET last_used_at = :now, last_used_address_sealed = :sealed WHERE id = :id', {
        id: row.key_id,
        now,
        sealed: deps.sealer.seal(addressContext(row.key_id), address),
      }),
  });
}
