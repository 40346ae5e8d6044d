import type { RouteReply } from '@carmic/contract';
import { wrongState } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { isMailOn, layOut } from './mail.ts';
import { sendByServer } from './transport.ts';
import { listHeaders } from './unsubscribeLinks.ts';

/**
 * Hands one mail to the server at once, past the queue: whoever sets mail up wants to see the server's own answer. It goes to the account's
 * own address only. Throws wrong_state where there is no server or no address.
 */
export async function testMail(deps: Deps, userId: string): Promise<RouteReply<'testMail'>> {
  if (!isMailOn(deps)) {
    throw wrongState('No mail server is set.');
  }
  const [user] = await deps.db.asSystem((tx) =>
    deps.db.rows<{ email: string; name: string; mail_language: 'en' | 'de' }>(
      tx,
      'SELECT email, name, mail_language FROM users WHERE id = :userId',
      { userId },
    ),
  );
  if (user === undefined || user.email.endsWith('.invalid')) {
    throw wrongState('Your account has no email address yet.');
  }
  const made = layOut(deps, {
    template: 'mail_test',
    data: { at: `${deps.clock.now().toISOString().slice(0, 16).replace('T', ' ')} UTC` },
    to: { email: user.email, name: user.name, userId: null },
    language: user.mail_language,
  });
  const started = performance.now();
  const took = () => Math.round(performance.now() - started);
  try {
    await sendByServer(deps, {
      to: user.email,
      subject: made.subject,
      text: made.text,
      html: made.html,
      headers: listHeaders(made.category, made.off),
    });
    return { isOk: true, message: `The mail server took a mail for ${user.email}.`, milliseconds: took() };
  } catch (error) {
    // What the server says is what an administrator has to mend; it names no more than the address the mail went to.
    return { isOk: false, message: error instanceof Error ? error.message : String(error), milliseconds: took() };
  }
}
