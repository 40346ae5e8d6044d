import type { Env } from '../../core/env.ts';
import { openMailServer } from '../../mail/transport.ts';
import { messageOf } from '../failures.ts';
import { type Check, failed, ok, skipped } from './check.ts';

const timeoutMs = 5000;

/** Whether the mail server answers and lets us in; no mail is sent. */
export async function checkMail({ CARMIC_SMTP_URL: url }: Env): Promise<Check[]> {
  if (url === undefined) {
    return [skipped('mail', 'No mail server is set: administrators hand links over in the console.')];
  }
  const transport = openMailServer(url, timeoutMs);
  try {
    await transport.verify();
    return [ok('mail', 'The mail server answers and lets us in.')];
  } catch (error) {
    return [
      failed(
        'mail',
        `The mail server does not take mails: ${messageOf(error)}`,
        'Correct CARMIC_SMTP_URL, and let server and worker reach it (docs/install.md, “What stands where”).',
      ),
    ];
  } finally {
    transport.close();
  }
}
