import type { Instance, Me, Role, SecondFactorStep } from '@carmic/contract';
import { ApiError, type Call, messageOf } from '../api/client.ts';
import type { Messages } from '../messages/en.ts';

const signedInKey = 'carmic.signed-in';

/** The cookie cannot be read from here; this note spares a visitor who never signed in a request that must be refused. */
function mayBeSignedIn(): boolean {
  try {
    return localStorage.getItem(signedInKey) !== null;
  } catch {
    return true;
  }
}

function remember(isSignedIn: boolean): void {
  try {
    if (isSignedIn) {
      localStorage.setItem(signedInKey, 'yes');
    } else {
      localStorage.removeItem(signedInKey);
    }
  } catch {
    // Storage can be blocked: the server is asked then.
  }
}

type Status = 'unknown' | 'in' | 'out' | 'unreachable';

/** Who is signed in, and what is known of this installation. */
export class Session {
  status = $state<Status>('unknown');
  me = $state.raw<Me | null>(null);
  instance = $state.raw<Instance | null>(null);
  error = $state('');
  /** True when a session ended by itself, so that the sign-in page can say so. */
  hasEnded = $state(false);
  readonly #call: Call;
  readonly #t: Messages;

  constructor(call: Call, t: Messages) {
    this.#call = call;
    this.#t = t;
  }

  /** What the person is in the present workspace; null where an administrator only visits it. */
  get role(): Role | null {
    const { me } = this;
    return me?.workspaces.find((workspace) => workspace.id === me.workspaceId)?.role ?? null;
  }

  /** Whether the person may change things in this workspace; viewers may only look, and in a suspended one nobody may. */
  get canEdit(): boolean {
    return this.role !== null && this.role !== 'viewer' && this.me?.suspension === null;
  }

  /** Finds out whether somebody is signed in. */
  async load(): Promise<void> {
    // Both at once: a page stands only when both are known.
    const asked = mayBeSignedIn() ? this.#call('getMe') : null;
    // Its failure is met below, also when the other call fails first.
    asked?.catch(() => undefined);
    try {
      this.instance ??= await this.#call('getInstance');
      this.me = await asked;
      this.status = this.me === null ? 'out' : 'in';
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        remember(false);
        this.status = 'out';
        return;
      }
      this.error = messageOf(error, this.#t);
      this.status = 'unreachable';
    }
  }

  /** Asks again who is signed in, quietly; used when the live stream is refused. */
  async check(): Promise<void> {
    if (this.status !== 'in') {
      return;
    }
    try {
      this.me = await this.#call('getMe');
    } catch (error) {
      // 401 has been handled by the caller of routes; without an answer the last known state stays.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  /** Signs in; answers the step that is still to be done when the account has a second factor. */
  async signIn(email: string, password: string): Promise<SecondFactorStep | null> {
    const { me, secondFactor } = await this.#call('createSession', { body: { email, password } });
    if (me !== null) {
      this.enter(me);
    }
    return secondFactor;
  }

  async finishSignIn(token: string, proof: { code?: string; passkey?: Record<string, unknown> }): Promise<void> {
    this.enter((await this.#call('createSecondFactorSession', { body: { token, ...proof } })).me);
  }

  /** Opens the session that a way back from an identity provider has earned, or answers the step that is still to be done. */
  async completeSignOn(): Promise<SecondFactorStep | null> {
    const { me, secondFactor } = await this.#call('completeSignOn');
    if (me !== null) {
      this.enter(me);
    }
    return secondFactor;
  }

  async signInOnce(token: string): Promise<Me> {
    const { me } = await this.#call('createOneTimeSession', { body: { token } });
    this.enter(me);
    return me;
  }

  async signOut(): Promise<void> {
    await this.#call('deleteSession');
    this.#leave(false);
  }

  /** Called when any route answers that nobody is signed in. */
  ended(): void {
    if (this.status === 'in') {
      this.#leave(true);
    }
  }

  /** Takes over whoever a route has just signed in. */
  enter(me: Me): void {
    this.me = me;
    remember(true);
    this.hasEnded = false;
    this.status = 'in';
  }

  #leave(hasEnded: boolean): void {
    this.me = null;
    remember(false);
    this.hasEnded = hasEnded;
    this.status = 'out';
  }
}
