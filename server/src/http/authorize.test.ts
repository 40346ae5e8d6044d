import { type Policy, type RouteDefinition, routes } from '@carmic/contract';
import { describe, expect, test } from 'vitest';
import { AppError } from '../core/errors.ts';
import { authorize } from './authorize.ts';
import type { Actor } from './request.ts';

const person = (role: 'owner' | 'editor' | 'viewer', isAdmin = false): Actor => ({
  kind: 'person',
  userId: 'u',
  sessionId: 's',
  workspaceId: 'w',
  role,
  isAdmin,
});
const agent: Actor = { kind: 'agent', agentId: 'a' };
const nobody: Actor = { kind: 'nobody' };

function answerOf(policy: Policy, actor: Actor): string {
  try {
    authorize(policy, actor);
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
});
