import type { z } from 'zod';

/**
 * Who may call a route: anybody; any signed-in person; a member of the workspace with at least that role; an instance
 * administrator; an enrolled agent; or the directory of an identity provider.
 */
export const policies = ['public', 'person', 'viewer', 'editor', 'owner', 'admin', 'agent', 'directory'] as const;
export type Policy = (typeof policies)[number];

export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly policy: Policy;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly reply: z.ZodType;
  readonly status: number;
  /** Whether API keys may call a route for persons, which otherwise asks for a session. */
  readonly isForKeys?: boolean;
  /** Whether a route that keys could call by their scope needs a session all the same. */
  readonly isForSessions?: boolean;
  /** Whether a route of a workspace answers its members although the workspace is suspended. */
  readonly isOpenWhenSuspended?: boolean;
  /** Whether answers carry an ETag, and changes take If-Match. */
  readonly hasEtag?: boolean;
  /** Whether a change is refused without If-Match (RFC 6585, 428): what replaces a whole record that several people keep. */
  readonly demandsMatch?: boolean;
  /** What is answered instead of JSON: a file, server-sent events, or a redirect of the browser. The reply schema is empty then. */
  readonly answers?: 'file' | 'events' | 'redirect';
  /** Largest request body in bytes; 1 MiB by default. */
  readonly bodyLimitBytes?: number;
}

/** Keeps the exact types of a route's definition. */
export const route = <const T extends RouteDefinition>(definition: T): T => definition;

/** Whether a route takes an `Idempotency-Key`: every POST, PUT and PATCH of somebody who is known. */
export const isIdempotent = ({ method, policy }: RouteDefinition): boolean =>
  (method === 'POST' || method === 'PUT' || method === 'PATCH') && policy !== 'public' && policy !== 'agent' && policy !== 'directory';
