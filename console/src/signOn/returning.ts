import { paths } from '../router.ts';

const key = 'carmic.return';

/** Where the browser goes to sign in with a provider; `again` makes the provider ask for the credentials once more. */
export function startOf(id: string, again = false): string {
  return `/api/v1/sign-on-options/${id}/start${again ? '?again=true' : ''}`;
}

/** Remembers the page a person is on, for after the way to their provider and back. */
export function keepReturn(): void {
  try {
    sessionStorage.setItem(key, location.hash);
  } catch {
    // Storage can be blocked: the way back ends in the library then.
  }
}

/** The page that was remembered, once; the library otherwise. */
export function takeReturn(): string {
  try {
    const kept = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return kept?.startsWith('#/') === true ? kept : paths.library;
  } catch {
    return paths.library;
  }
}
