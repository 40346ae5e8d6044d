import type { PrivacyRequest } from '@carmic/contract';

/** How the state of a request looks. */
export const requestTones = {
  open: 'info',
  done: 'good',
  refused: 'bad',
  withdrawn: 'neutral',
} as const satisfies Record<PrivacyRequest['state'], string>;
