import { createHmac } from 'node:crypto';

/**
 * The signature header of a call: `t=<seconds>,v1=<hex>` with one `v1` for each secret that is in force. Each is HMAC-SHA-256 over
 * `<seconds>.<raw body>`; a receiver recomputes it over the bytes it received and refuses times older than five minutes.
 */
export function signBody(secrets: readonly string[], seconds: number, body: string): string {
  const signatures = secrets.map((secret) => `v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`);
  return [`t=${seconds}`, ...signatures].join(',');
}
