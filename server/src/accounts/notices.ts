import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { queueMail } from '../mail/mail.ts';
import { Users } from './model.ts';

const noticeSeconds = 3 * 24 * 3600;

/** Tells a person by mail that something about their account changed; service mail, never silenced. */
export async function notifyOfChange(deps: Deps, tx: Tx, userId: string, what: string, email?: string): Promise<void> {
  const user = await deps.db.model(Users).findByPk(userId, { transaction: tx });
  const to = email ?? user?.email;
  if (user === null || to === undefined || to.endsWith('.invalid')) {
    return;
  }
  await queueMail(deps, tx, {
    kind: 'security',
    content: {
      to,
      subject: `${what} (${deps.env.CARMIC_INSTANCE_NAME})`,
      text: [
        `Hello ${user.name},`,
        '',
        `${what}, at ${deps.clock.now().toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
        '',
        'If that was not you: set a new password at once, and tell the administrator of this installation.',
        deps.baseUrl(),
      ].join('\n'),
      link: null,
    },
    validSeconds: noticeSeconds,
  });
}
