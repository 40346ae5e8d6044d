import { type Policy, type RouteDefinition, routes, type Scope } from '@carmic/contract';
import { describe, expect, test } from 'vitest';
import { AppError } from '../core/errors.ts';
import { authorize, scopeOf } from './authorize.ts';
import type { Actor, Person } from './request.ts';

const person = (role: 'owner' | 'editor' | 'viewer', isAdmin = false): Person => ({
  kind: 'person',
  userId: 'u',
  sessionId: 's',
  workspaceId: 'w',
  role,
  isAdmin,
  scopes: null,
  authenticatedAt: new Date(0),
  needsSecondFactor: false,
  isWorkspaceSuspended: false,
});
const key = (scopes: readonly Scope[], role: 'owner' | 'editor' | 'viewer' = 'owner'): Actor => ({ ...person(role, true), scopes });
const agent: Actor = { kind: 'agent', agentId: 'a' };
const nobody: Actor = { kind: 'nobody' };

function answerOf(policy: Policy, actor: Actor): string {
  return answerAt({ method: 'POST', policy }, actor);
}

function answerAt(door: Parameters<typeof authorize>[0], actor: Actor): string {
  try {
    authorize(door, actor);
    return 'ok';
  } catch (error) {
    return error instanceof AppError ? error.code : 'other';
  }
}

describe('authorize', () => {
  test('nobody passes public routes only, and is told to sign in elsewhere', () => {
    for (const { policy } of Object.values<RouteDefinition>(routes)) {
      expect(answerOf(policy, nobody)).toBe(policy === 'public' ? 'ok' : 'unauthenticated');
    }
  });
  test('each role passes what its strength allows', () => {
    expect((['viewer', 'editor', 'owner'] as const).map((policy) => answerOf(policy, person('viewer')))).toEqual([
      'ok',
      'forbidden',
      'forbidden',
    ]);
    expect((['viewer', 'editor', 'owner'] as const).map((policy) => answerOf(policy, person('editor')))).toEqual(['ok', 'ok', 'forbidden']);
    expect((['viewer', 'editor', 'owner'] as const).map((policy) => answerOf(policy, person('owner')))).toEqual(['ok', 'ok', 'ok']);
  });
  test('being an administrator of the installation is separate from the role in a workspace', () => {
    expect(answerOf('admin', person('owner'))).toBe('forbidden');
    expect(answerOf('admin', person('viewer', true))).toBe('ok');
    expect(answerOf('editor', person('viewer', true))).toBe('forbidden');
  });
  test('agents pass agent routes only, and people never do', () => {
    for (const { policy } of Object.values<RouteDefinition>(routes)) {
      expect(answerOf(policy, agent)).toBe(policy === 'public' || policy === 'agent' ? 'ok' : 'forbidden');
    }
    expect(answerOf('agent', person('owner', true))).toBe('forbidden');
  });
  test('an API key passes with the right scope, and never where a session is asked for', () => {
    for (const door of Object.values<RouteDefinition>(routes)) {
      const scope = scopeOf(door);
      const isOpen = door.policy === 'public';
      expect(answerAt(door, key([])), door.path).toBe(isOpen || scope === 'any' ? 'ok' : 'forbidden');
      const right: readonly Scope[] = scope === null || scope === 'any' ? ['read', 'write', 'manage', 'admin'] : [scope];
      expect(answerAt(door, key(right)), door.path).toBe(isOpen || scope !== null ? 'ok' : 'forbidden');
    }
    expect(answerAt({ method: 'GET', policy: 'viewer' }, key(['write', 'manage', 'admin']))).toBe('forbidden');
    expect(answerAt({ method: 'POST', policy: 'editor' }, key(['write'], 'viewer'))).toBe('forbidden');
  });
  test('a missing second factor closes everything but the own account', () => {
    const actor: Actor = { ...person('owner', true), needsSecondFactor: true };
    expect((['person', 'viewer', 'owner', 'admin'] as const).map((policy) => answerOf(policy, actor))).toEqual([
      'ok',
      'second_factor_needed',
      'second_factor_needed',
      'second_factor_needed',
    ]);
  });
  test('a policy that is not known lets nobody pass', () => {
    expect(answerOf('everybody' as Policy, person('owner', true))).toBe('other');
  });
});
