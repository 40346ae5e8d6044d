import type { Role, RouteDefinition, Scope } from '@carmic/contract';
import { AppError, forbidden, unauthenticated } from '../core/errors.ts';
import type { Actor, Person } from './request.ts';

const strength: Record<Role, number> = { viewer: 1, editor: 2, owner: 3 };

type Door = Pick<RouteDefinition, 'method' | 'policy' | 'isForKeys' | 'isForSessions' | 'isOpenWhenSuspended'>;

/** The scope an API key needs for a route; null when no key may call it. */
export function scopeOf({ method, policy, isForKeys, isForSessions }: Door): Scope | 'any' | null {
  if (isForSessions === true) {
    return null;
  }
  switch (policy) {
    case 'person':
      return isForKeys === true ? 'any' : null;
    case 'viewer':
    case 'editor':
      return method === 'GET' ? 'read' : 'write';
    case 'owner':
      return 'manage';
    case 'admin':
      return 'admin';
    case 'public':
    case 'agent':
    case 'directory':
      return null;
  }
}

/** Lets a call pass or throws unauthenticated or forbidden: the first wall, before anything is loaded. */
export function authorize(door: Door, actor: Actor): void {
  const { policy } = door;
  switch (policy) {
    case 'public':
      return;
    case 'agent':
      if (actor.kind !== 'agent') {
        throw actor.kind === 'nobody' ? unauthenticated('Send the token this agent was given.') : forbidden();
      }
      return;
    case 'directory':
      if (actor.kind !== 'directory') {
        throw actor.kind === 'nobody' ? unauthenticated('Send the token of the directory.') : forbidden();
      }
      return;
    case 'person':
    case 'admin':
    case 'viewer':
    case 'editor':
    case 'owner':
      if (actor.kind !== 'person') {
        throw actor.kind === 'nobody' ? unauthenticated() : forbidden();
      }
      if (policy === 'admin' && !actor.isAdmin) {
        throw forbidden('Only an administrator of this installation may do this.');
      }
      if (policy !== 'person' && policy !== 'admin' && strength[actor.role] < strength[policy]) {
        throw forbidden();
      }
      requireCredential(door, actor);
      requireOpenWorkspace(door, actor);
      return;
    default:
      throw new Error(`The policy ${String(policy)} is not known.`);
  }
}

/** A key needs the scope; a session needs the second factor that the role demands, except to set it up. */
function requireCredential(door: Door, actor: Person): void {
  if (actor.scopes !== null) {
    const scope = scopeOf(door);
    if (scope === null) {
      throw forbidden('An API key may not do this: sign in.');
    }
    if (scope !== 'any' && !actor.scopes.includes(scope)) {
      throw forbidden(`This API key lacks the scope "${scope}".`);
    }
  } else if (actor.needsSecondFactor && door.policy !== 'person') {
    throw new AppError('second_factor_needed', 'Your role demands a second factor: set one up on the Account page.');
  }
}

/** A suspended workspace is closed to everybody in it, and with it every key: people keep their account, their other workspaces and their bills. */
function requireOpenWorkspace({ policy, isOpenWhenSuspended }: Door, actor: Person): void {
  const isOfWorkspace = policy !== 'person' && policy !== 'admin' && isOpenWhenSuspended !== true;
  if (actor.isWorkspaceSuspended && (isOfWorkspace || actor.scopes !== null)) {
    throw new AppError(
      'workspace_suspended',
      'An administrator of this installation has suspended this workspace. Its members see the reason when they sign in.',
    );
  }
}
