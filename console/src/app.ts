import { getContext, setContext } from 'svelte';
import { buildCall, type Call } from './api/client.ts';
import { Live } from './api/live.svelte.ts';
import type { Messages } from './messages/en.ts';
import type { LanguageChoice } from './state/language.svelte.ts';
import { Library } from './state/library.svelte.ts';
import { Now } from './state/now.svelte.ts';
import { Reauth } from './state/reauth.svelte.ts';
import { Session } from './state/session.svelte.ts';
import { Theme } from './state/theme.svelte.ts';
import { Toasts } from './state/toasts.svelte.ts';
import { Unsent } from './state/unsent.svelte.ts';
import { Uploads } from './upload/uploads.svelte.ts';

/** Everything the pages share. */
export interface App {
  t: Messages;
  call: Call;
  session: Session;
  reauth: Reauth;
  live: Live;
  library: Library;
  uploads: Uploads;
  toasts: Toasts;
  theme: Theme;
  language: LanguageChoice;
  now: Now;
  unsent: Unsent;
}

const contextKey = Symbol('app');

/** Builds what the pages share; nothing is asked of the server yet. */
export function buildApp(origin: string, language: LanguageChoice): App {
  const { t } = language;
  const reauth = new Reauth();
  const unsent = new Unsent();
  const call = buildCall(origin, t, { signedOut: () => session.ended(), proofNeeded: () => reauth.ask() }, unsent);
  const session: Session = new Session(call, t);
  const live = new Live(() => void session.check());
  const toasts = new Toasts();
  const library = new Library(call, t);
  const uploads = new Uploads({ call, t, toasts, library });
  return { t, call, reauth, session, live, library, uploads, toasts, theme: new Theme(), language, now: new Now(), unsent };
}

/** Hands the app to all components below. */
export function provideApp(app: App): void {
  setContext(contextKey, app);
}

/** The app, for components. */
export function useApp(): App {
  return getContext<App>(contextKey);
}
