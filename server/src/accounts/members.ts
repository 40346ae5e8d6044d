/** Members of a workspace, invitations, and the hand-over of ownership. There is always at least one owner. */
import type { Invitation, Member, Role, RouteInput } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { AppError, conflict, forbidden, notFound } from '../core/errors.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import { isUniqueViolation } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { queueMail } from '../mail/mail.ts';
import { Members } from './model.ts';
import { requireSeat } from './planAllows.ts';
import { hashPassword, requireUncommonPassword } from './passwords.ts';
import { openSession } from './sessions.ts';
import { refuseOtherDoors } from './signOn/enforce.ts';
import { createUser, findUserByEmail } from './signUp.ts';

const invitationSeconds = 7 * 24 * 3600;

interface MemberRow {
  user_id: string;
  name: string;
  email: string;
  kind: 'person' | 'service';
  role: Role;
  has_second_factor: boolean;
  created_at: Date;
}

/** The members of a workspace; one of them when `userId` is given. */
export async function listMembers(deps: Deps, tx: Tx, workspaceId: string, userId: string | null = null): Promise<Member[]> {
  const rows = await deps.db.rows<MemberRow>(
    tx,
    `SELECT m.user_id, u.name, u.email, u.kind, m.role, m.created_at,
       u.totp_confirmed_at IS NOT NULL OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id) AS has_second_factor
     FROM members m JOIN users u ON u.id = m.user_id
     WHERE m.workspace_id = :workspaceId AND (CAST(:userId AS text) IS NULL OR m.user_id::text = :userId)
     ORDER BY m.created_at, m.user_id`,
    { workspaceId, userId },
  );
  return rows.map((row) => ({
    id: row.user_id,
    name: row.name,
    email: row.kind === 'service' ? '' : row.email,
    kind: row.kind,
    role: row.role,
    hasSecondFactor: row.has_second_factor,
    joinedAt: row.created_at.toISOString(),
  }));
}

async function oneMember(deps: Deps, tx: Tx, workspaceId: string, userId: string): Promise<Member> {
  const [member] = await listMembers(deps, tx, workspaceId, userId);
  if (member === undefined) {
    throw notFound('member');
  }
  return member;
}

/** Throws conflict when nobody but `userId` owns the workspace. Locks the workspace, so that two owners cannot leave at once. */
async function requireOtherOwner(deps: Deps, tx: Tx, workspaceId: string, userId: string): Promise<void> {
  await deps.db.rows(tx, 'SELECT 1 FROM workspaces WHERE id = :workspaceId FOR UPDATE', { workspaceId });
  const others = await deps.db.rows(
    tx,
    `SELECT 1 FROM members m JOIN users u ON u.id = m.user_id AND u.kind = 'person'
     WHERE m.workspace_id = :workspaceId AND m.role = 'owner' AND m.user_id <> :userId LIMIT 1`,
    { workspaceId, userId },
  );
  if (others.length === 0) {
    throw conflict('A workspace needs an owner: hand it to somebody else first.');
  }
}

/** Changes a member's role. Throws not_found, and conflict for the last owner. */
export function updateMember(deps: Deps, person: Person, userId: string, role: Role): Promise<Member> {
  const { db } = deps;
  return db.inWorkspace(person.workspaceId, async (tx) => {
    const before = await oneMember(deps, tx, person.workspaceId, userId);
    if (before.role === 'owner' && role !== 'owner') {
      await requireOtherOwner(deps, tx, person.workspaceId, userId);
    }
    await setRole(deps, tx, person, userId, role);
    return oneMember(deps, tx, person.workspaceId, userId);
  });
}

async function setRole(deps: Deps, tx: Tx, person: Person, userId: string, role: Role): Promise<void> {
  const { workspaceId } = person;
  await deps.db.change(tx, 'UPDATE members SET role = :role WHERE workspace_id = :workspaceId AND user_id = :userId', {
    role,
    workspaceId,
    userId,
  });
  await deps.appendEvent(tx, { workspaceId, type: 'member.role_changed', subjectId: userId, actorId: person.userId, data: { role } });
}

/** Removes a member (owners), or lets one leave. A service account goes altogether. */
export async function removeMember(deps: Deps, person: Person, userId: string): Promise<void> {
  const { db } = deps;
  if (userId !== person.userId && person.role !== 'owner') {
    throw forbidden();
  }
  await db.asSystem(async (tx) => {
    const member = await oneMember(deps, tx, person.workspaceId, userId);
    if (member.role === 'owner' && member.kind === 'person') {
      await requireOtherOwner(deps, tx, person.workspaceId, userId);
    }
    await db.change(tx, 'DELETE FROM members WHERE workspace_id = :workspaceId AND user_id = :userId', {
      workspaceId: person.workspaceId,
      userId,
    });
    if (member.kind === 'service') {
      await db.change(tx, "DELETE FROM users WHERE id = :userId AND kind = 'service'", { userId });
    }
    await deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'member.removed', subjectId: userId, actorId: person.userId });
  });
}

/** Hands the workspace to another member in one step. */
export function transferOwnership(deps: Deps, person: Person, userId: string): Promise<Member[]> {
  return deps.db.inWorkspace(person.workspaceId, async (tx) => {
    const heir = await oneMember(deps, tx, person.workspaceId, userId);
    if (heir.kind === 'service' || heir.id === person.userId) {
      throw conflict('A workspace is handed to another person who is a member.');
    }
    await setRole(deps, tx, person, userId, 'owner');
    await setRole(deps, tx, person, person.userId, 'editor');
    return listMembers(deps, tx, person.workspaceId);
  });
}

interface InvitationRow {
  id: string;
  workspace_id: string;
  email: string;
  role: Role;
  created_at: Date;
  expires_at: Date;
}

const presentInvitation = (row: InvitationRow): Invitation => ({
  id: row.id,
  email: row.email,
  role: row.role,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
});

/** Open invitations of a workspace. */
export async function listInvitations(deps: Deps, person: Person): Promise<Invitation[]> {
  const rows = await deps.db.inWorkspace(person.workspaceId, (tx) =>
    deps.db.rows<InvitationRow>(
      tx,
      'SELECT * FROM invitations WHERE workspace_id = :workspaceId AND expires_at > :now ORDER BY created_at DESC, id',
      { workspaceId: person.workspaceId, now: deps.clock.now() },
    ),
  );
  return rows.map(presentInvitation);
}

/** Invites an address; a newer invitation of the same address ends the older one. The link is answered, and sent when mail is on. */
export function createInvitation(
  deps: Deps,
  person: Person,
  body: RouteInput<'createInvitation'>['body'],
): Promise<{ invitation: Invitation; link: string }> {
  const { db, clock, appendEvent } = deps;
  const { workspaceId } = person;
  return db.asSystem(async (tx) => {
    const user = await findUserByEmail(deps, tx, body.email);
    if (user !== null && (await listMembers(deps, tx, workspaceId, user.id)).length > 0) {
      throw conflict('This person is a member already.');
    }
    await requireSeat(deps, tx, workspaceId, body.email);
    await db.change(tx, 'DELETE FROM invitations WHERE workspace_id = :workspaceId AND lower(email) = lower(:email)', {
      workspaceId,
      email: body.email,
    });
    const now = clock.now();
    const row: InvitationRow = {
      id: newId(),
      workspace_id: workspaceId,
      email: body.email,
      role: body.role,
      created_at: now,
      expires_at: addSeconds(now, invitationSeconds),
    };
    const token = newSecret('carmic_invitation');
    await db.change(
      tx,
      `INSERT INTO invitations (id, workspace_id, email, role, token_hash, created_by, created_at, expires_at)
       VALUES (:id, :workspaceId, :email, :role, :hash, :createdBy, :now, :expiresAt)`,
      {
        id: row.id,
        workspaceId,
        email: row.email,
        role: row.role,
        hash: hashSecret(token),
        createdBy: person.userId,
        now,
        expiresAt: row.expires_at,
      },
    );
    const link = `${deps.baseUrl()}/#/invitation?token=${token}`;
    await queueMail(deps, tx, {
      template: 'invitation',
      data: { link },
      to: { email: row.email, name: '', userId: null },
      validSeconds: invitationSeconds,
    });
    await appendEvent(tx, { workspaceId, type: 'invitation.created', subjectId: row.id, actorId: person.userId, data: { role: row.role } });
    return { invitation: presentInvitation(row), link };
  });
}

/** Takes an invitation back. */
export async function deleteInvitation(deps: Deps, person: Person, id: string): Promise<void> {
  await deps.db.inWorkspace(person.workspaceId, async (tx) => {
    const count = await deps.db.change(tx, 'DELETE FROM invitations WHERE id = :id AND workspace_id = :workspaceId', {
      id,
      workspaceId: person.workspaceId,
    });
    if (count === 0) {
      throw notFound('invitation');
    }
    await deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'invitation.deleted', subjectId: id, actorId: person.userId });
  });
}

type OpenInvitation = InvitationRow & { workspace_name: string; is_suspended: boolean };

async function loadInvitation(deps: Deps, tx: Tx, token: string): Promise<OpenInvitation> {
  const [row] = await deps.db.rows<OpenInvitation>(
    tx,
    `SELECT i.*, w.name AS workspace_name, w.suspended_at IS NOT NULL AS is_suspended FROM invitations i JOIN workspaces w ON w.id = i.workspace_id AND w.deleted_at IS NULL
     WHERE i.token_hash = :hash AND i.expires_at > :now FOR UPDATE OF i`,
    { hash: hashSecret(token), now: deps.clock.now() },
  );
  if (row === undefined) {
    throw new AppError('gone', 'This invitation was used, taken back, or has expired: ask for a new one.');
  }
  return row;
}

/** What an invitation's link invites to. */
export function getInvitation(deps: Deps, token: string) {
  return deps.db.asSystem(async (tx) => {
    const row = await loadInvitation(deps, tx, token);
    const user = await findUserByEmail(deps, tx, row.email);
    return { workspaceName: row.workspace_name, email: row.email, role: row.role, hasAccount: user !== null };
  });
}

async function join(deps: Deps, tx: Tx, invitation: OpenInvitation, userId: string): Promise<void> {
  const { db } = deps;
  if (invitation.is_suspended) {
    throw new AppError('workspace_suspended', 'An administrator has suspended this workspace: nobody can join it for now.');
  }
  await requireSeat(deps, tx, invitation.workspace_id);
  await db.model(Members).create({ workspaceId: invitation.workspace_id, userId, role: invitation.role }, { transaction: tx });
  await db.change(tx, 'DELETE FROM invitations WHERE id = :id', { id: invitation.id });
  await deps.appendEvent(tx, {
    workspaceId: invitation.workspace_id,
    type: 'member.added',
    subjectId: userId,
    actorId: userId,
    data: { role: invitation.role },
  });
}

/** Joins with a new account for the invited address, and opens a session. */
export async function acceptInvitation(deps: Deps, body: RouteInput<'acceptInvitation'>['body'], browser: string | null) {
  const { db } = deps;
  const passwordHash = await hashPassword(body.password);
  try {
    return await db.asSystem(async (tx) => {
      const invitation = await loadInvitation(deps, tx, body.token);
      await refuseOtherDoors(deps, tx, invitation.email, null);
      requireUncommonPassword(body.password, { email: invitation.email, name: body.name });
      const user = await createUser(deps, tx, { email: invitation.email, name: body.name, passwordHash });
      await join(deps, tx, invitation, user.id);
      return openSession(deps, tx, user.id, browser);
    });
  } catch (error) {
    throw isUniqueViolation(error) ? conflict('This address has an account: sign in, then open the link again.') : error;
  }
}

/** Joins with the account that is signed in; the address may be another one, the link is the proof. */
export async function joinWorkspace(deps: Deps, person: Person, token: string) {
  try {
    return await deps.db.asSystem(async (tx) => {
      const invitation = await loadInvitation(deps, tx, token);
      await join(deps, tx, invitation, person.userId);
      return { id: invitation.workspace_id, role: invitation.role };
    });
  } catch (error) {
    throw isUniqueViolation(error) ? conflict('You are a member of this workspace already.') : error;
  }
}

/** Adds an account for a program to the workspace. It cannot sign in; it has API keys. */
export function createServiceAccount(deps: Deps, person: Person, body: RouteInput<'createServiceAccount'>['body']): Promise<Member> {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    const user = await createUser(deps, tx, {
      email: `service-${newId()}@carmic.invalid`,
      name: body.name,
      kind: 'service',
      actorId: person.userId,
    });
    await db.model(Members).create({ workspaceId: person.workspaceId, userId: user.id, role: body.role }, { transaction: tx });
    await deps.appendEvent(tx, {
      workspaceId: person.workspaceId,
      type: 'member.added',
      subjectId: user.id,
      actorId: person.userId,
      data: { role: body.role, kind: 'service' },
    });
    return oneMember(deps, tx, person.workspaceId, user.id);
  });
}
