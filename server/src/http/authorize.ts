import type { Policy, Role } from '@carmic/contract';
import { forbidden, unauthenticated } from '../core/errors.ts';
import type { Actor } from './request.ts';

const strength: Record<Role, number> = { viewer: 1, editor: 2, owner: 3 };

/** Lets a call pass or throws unauthenticated or forbidden: the first wall, before anything is loaded. */
export function authorize(policy: Policy, actor: Actor): void {
  switch (policy) {
    case 'public':
      return;
    case 'agent':
      if (actor.kind !== 'agent') {
        throw actor.kind === 'nobody' ? unauthenticated('Send the token this agent was given.') : forbidden();
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
  }
}
