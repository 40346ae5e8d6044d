/** The one place that speaks SMTP. Signs with DKIM (RFC 6376) where a key is set. */
import { createTransport } from 'nodemailer';
import type { Env } from '../core/env.ts';
import type { Egress } from '../egress/egress.ts';

const timeoutMs = 20_000;
/** What the signature covers; RFC 8058 demands the two of the list. */
const signedHeaders =
  'from:sender:reply-to:subject:date:message-id:to:mime-version:content-type:content-transfer-encoding:list-unsubscribe:list-unsubscribe-post';

/**
 * A connection to the mail server, by TLS 1.3 and with its certificate checked: from the beginning (`smtps:`), or begun by STARTTLS, without which nothing is
 * sent. In the clear only to this machine itself, or where the address says so (`?ignoreTLS=true`). Keeps: S2.
 */
export function openMailServer(url: string, timeoutMs: number) {
  const { hostname, searchParams } = new URL(url);
  return createTransport({
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    requireTLS: !isLoopback(hostname) && searchParams.get('ignoreTLS') !== 'true',
    tls: { minVersion: 'TLSv1.3' },
  });
}

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Hands one mail to the mail server, and writes that down in the ledger of what leaves. Throws what the server answers. */
export async function sendByServer(
  { env, egress }: { env: Env; egress: Egress },
  mail: { to: string; subject: string; text: string; html?: string | undefined; headers: Record<string, string> },
): Promise<void> {
  const { CARMIC_DKIM_DOMAIN: domainName, CARMIC_DKIM_SELECTOR: keySelector, CARMIC_DKIM_KEY: privateKey } = env;
  const transport = openMailServer(env.CARMIC_SMTP_URL ?? '', timeoutMs);
  const { to, subject, text, html, headers } = mail;
  const note = (outcome: string, sentBytes: number) =>
    egress.note({ party: 'mail-server', host: new URL(env.CARMIC_SMTP_URL ?? '').host, outcome, sentBytes });
  try {
    const { messageSize = 0 } = await transport.sendMail({
      from: env.CARMIC_MAIL_FROM,
      to,
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      // Prepared: folding inside of an address would break the link.
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { prepared: true, value }])),
      ...(domainName === undefined || privateKey === undefined
        ? {}
        : { dkim: { domainName, keySelector, privateKey, headerFieldNames: signedHeaders } }),
    });
    note('2xx', messageSize);
  } catch (error) {
    note('failed', 0);
    throw error;
  } finally {
    transport.close();
  }
}

/** Whether the server says that this address will never take mail (RFC 5321: a permanent failure of RCPT). */
export function isRefusedForGood(error: unknown): boolean {
  const { responseCode, command } = error as { responseCode?: number; command?: string };
  return responseCode !== undefined && responseCode >= 550 && responseCode <= 559 && command === 'RCPT TO';
}
