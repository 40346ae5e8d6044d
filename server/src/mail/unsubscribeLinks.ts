/**
 * Addresses that switch mails off without a sign-in. Keeps: M2. A token is a sealed value: nobody can make or alter one, none is stored, and it
 * says nothing of whom it is for. It is for one kind of mail; `all` is everything that an account does not need.
 */
import { type MailCategory, mailCategories, type MailLanguage } from '@carmic/contract';
import { z } from 'zod';
import type { Deps } from '../deps.ts';

const context = 'mail.unsubscribe';
const targetSchema = z.object({
  userId: z.string().nullable(),
  /** Of somebody without an account only. */
  email: z.string().nullable(),
  category: z.enum([...(Object.keys(mailCategories) as [MailCategory, ...MailCategory[]]), 'all']),
  language: z.enum(['en', 'de']),
  /** Numbers of the consents that this confirms, instead of ending one. */
  confirms: z.string().optional(),
});
export type MailTarget = z.infer<typeof targetSchema>;

/** A token for the pages of the mail. */
export function sealTarget({ sealer }: Pick<Deps, 'sealer'>, target: MailTarget): string {
  return sealer.seal(context, JSON.stringify(target)).toString('base64url');
}

/** What a token is for; null for one that was made up or altered. */
export function openTarget({ sealer }: Pick<Deps, 'sealer'>, token: string): MailTarget | null {
  try {
    return targetSchema.parse(JSON.parse(sealer.open(context, Buffer.from(token, 'base64url'))));
  } catch {
    return null;
  }
}

/** Where this kind of mail is switched off by one button. */
export function unsubscribeUrl(
  deps: Pick<Deps, 'sealer' | 'baseUrl'>,
  to: { email: string; userId: string | null },
  category: MailCategory,
  language: MailLanguage,
): string {
  const token = sealTarget(deps, {
    userId: to.userId,
    email: to.userId === null ? to.email : null,
    category: mailCategories[category] === 'service' ? 'all' : category,
    language,
  });
  return `${deps.baseUrl()}/mail/unsubscribe?token=${token}`;
}

/** Headers for programs that show a button of their own (RFC 2369, RFC 8058). */
export function listHeaders(category: MailCategory, url: string): Record<string, string> {
  return mailCategories[category] === 'marketing'
    ? { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
    : {};
}
