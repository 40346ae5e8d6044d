import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { queueMail } from '../mail/mail.ts';
import type { SecurityNotice } from '../mail/templates/mailText.ts';
import { Users } from './model.ts';

const noticeSeconds = 3 * 24 * 3600;

/** Tells a person by mail that something about their account changed; service mail, never silenced. */
export async function notifyOfChange(
  deps: Deps,
  tx: Tx,
  userId: string,
  notice: SecurityNotice,
  { email, detail }: { email?: string; detail?: string } = {},
): Promise<void> {
  const user = await deps.db.model(Users).findByPk(userId, { transaction: tx });
  const to = email ?? user?.email;
  if (user === null || to === undefined || to.endsWith('.invalid')) {
    return;
  }
  const at = `${deps.clock.now().toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  await queueMail(deps, tx, {
    template: 'security',
    data: { notice, at, ...(detail === undefined ? {} : { detail }) },
    to: { email: to, name: user.name, userId },
    validSeconds: noticeSeconds,
  });
}
