/** The browser's side of passkeys. Answers are sent on as they are. */
import { browserSupportsWebAuthn, startAuthentication, startRegistration } from '@simplewebauthn/browser';

type Json = Record<string, unknown>;

/** Whether this browser, on this address, can use passkeys. */
export function hasPasskeys(): boolean {
  return browserSupportsWebAuthn();
}

/** Makes a passkey with the server's options. */
export async function makePasskey(options: Json): Promise<Json> {
  const made = await startRegistration({ optionsJSON: options as unknown as Parameters<typeof startRegistration>[0]['optionsJSON'] });
  return made as unknown as Json;
}

/** Signs the server's challenge with a passkey. */
export async function usePasskey(options: Json): Promise<Json> {
  const used = await startAuthentication({ optionsJSON: options as unknown as Parameters<typeof startAuthentication>[0]['optionsJSON'] });
  return used as unknown as Json;
}
