import type { Readable } from 'node:stream';
import type { Role, RouteInput, RouteName, RouteReply, Scope } from '@carmic/contract';
import { forbidden, unauthenticated } from '../core/errors.ts';
import type { Reading } from '../db/reader.ts';
import type { Deps } from '../deps.ts';

/** How what is remembered of a caller is held against the database. */
export interface Proof {
  reading: Reading;
  /** Whether the rows of the reading say what is remembered. */
  holds(rows: readonly object[]): boolean;
  /** Whether they did. */
  isProven: boolean;
}

/** A person or a service account, by session or by API key. */
export interface Person {
  kind: 'person';
  userId: string;
  /** The session; of a key its own id. */
  sessionId: string;
  workspaceId: string;
  role: Role;
  isAdmin: boolean;
  /** What an API key may do; null for a session. */
  scopes: readonly Scope[] | null;
  /** When the person last proved who they are. */
  authenticatedAt: Date;
  /** A second factor is demanded and not set up: only routes for the own account answer. */
  needsSecondFactor: boolean;
  /** An administrator has suspended the workspace: only what does not belong to it answers. */
  isWorkspaceSuspended: boolean;
  /** Set while all this is only remembered: see proof.ts. */
  proof?: Proof;
}
export interface AgentActor {
  kind: 'agent';
  agentId: string;
}
/** The directory of an identity provider, which provisions people and groups (SCIM). */
export interface DirectoryActor {
  kind: 'directory';
  providerId: string;
}
export type Actor = { kind: 'nobody' } | Person | AgentActor | DirectoryActor;

/** A file that is answered as a download. */
export interface FileAnswer {
  name: string;
  type: string;
  body: string | Readable;
  /** Known before the body is made, or left out. */
  sizeBytes?: number;
}

/** Server-sent events on their way to one caller. */
export interface EventStream {
  write(text: string): void;
  end(): void;
}

/** What a handler receives: parsed input, who is calling, and a few things only HTTP can do. */
export interface ApiRequest<N extends RouteName> extends RouteInput<N> {
  deps: Deps;
  actor: Actor;
  requestId: string;
  /** The caller's address, for throttling and allow-lists; never logged, and stored sealed only. */
  address: string;
  /** Aborted when the caller hangs up or the server stops. */
  signal: AbortSignal;
  /** Browser and system in words, from the User-Agent. */
  browser: string | null;
  /** Names the version that is answered. */
  setEtag(version: string): void;
  /** Throws precondition_failed when the caller changes another version than `version` by If-Match. */
  checkMatch(version: string): void;
  /** The body as it came, for signatures over it; empty without one. */
  rawBody: string;
  /** The `Stripe-Signature` header; empty without one. */
  signature: string;
  /** What the browser or program saw last of a stream; empty at first. */
  lastEventId: string;
  /** For routes that answer a file. */
  sendFile(file: FileAnswer): void;
  /** For routes that answer server-sent events: begins them. */
  openStream(): EventStream;
  /** For routes that lead the browser on. */
  redirect(url: string): void;
  /** The token that binds a sign-on to this browser; null without one. */
  step: string | null;
  setStep(token: string | null): void;
  setSession(token: string, expiresAt: Date): void;
  clearSession(): void;
}

/** A reply as text, of which every part was checked by the contract when it was written. */
export class CheckedReply {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Handler<N extends RouteName> = (request: ApiRequest<N>) => Promise<RouteReply<N> | CheckedReply>;
export type Handlers = { readonly [N in RouteName]: Handler<N> };

/** The signed-in person of a request. Throws unauthenticated when there is none. */
export function personOf(request: { actor: Actor }): Person {
  if (request.actor.kind !== 'person') {
    throw unauthenticated();
  }
  return request.actor;
}

/** The calling agent of a request. Throws forbidden when it is none. */
export function agentOf(request: { actor: Actor }): AgentActor {
  if (request.actor.kind !== 'agent') {
    throw forbidden('Only an enrolled agent may call this.');
  }
  return request.actor;
}

/** The calling directory of a request. Throws forbidden when it is none. */
export function directoryOf(request: { actor: Actor }): DirectoryActor {
  if (request.actor.kind !== 'directory') {
    throw forbidden('Only a directory with its own token may call this.');
  }
  return request.actor;
}
