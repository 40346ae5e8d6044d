import { mailCategories, mailLanguages, type MailLanguage, type MailTemplate } from '@carmic/contract';
import { conflict, notFound } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import { isMailOn, layOut, queueMail } from '../../mail/mail.ts';
import type { TemplateName } from '../../mail/templates/mailText.ts';
import { templateNames, templates } from '../../mail/templates/templates.ts';
import { listHeaders } from '../../mail/unsubscribeLinks.ts';

const sampleSeconds = 3600;

/** Every mail with made-up values, as it would be sent. */
export function listTemplates(deps: Deps): MailTemplate[] {
  return templateNames.flatMap((name) => mailLanguages.map((language) => presentTemplate(deps, name, language)));
}

function presentTemplate<N extends TemplateName>(deps: Deps, name: N, language: MailLanguage): MailTemplate {
  const to = { email: 'ada@example.org', name: 'Ada', userId: null };
  const made = layOut(deps, { template: name, data: templates[name].sample, to, language });
  return {
    name,
    category: made.category,
    kind: mailCategories[made.category],
    language,
    subject: made.subject,
    lines: [...made.words.lines, ...(made.words.end ?? [])],
    action: made.words.action ?? null,
    text: made.text,
    html: made.html,
    headers: listHeaders(made.category, made.off),
  };
}

/** Sends one of them to whoever asks, whatever they chose. Throws not_found for a name that is none. */
export async function sendSample(deps: Deps, userId: string, template: string, language: MailLanguage) {
  const name = templateNames.find((each) => each === template);
  if (name === undefined) {
    throw notFound('template');
  }
  if (!isMailOn(deps)) {
    throw conflict('No mail server is set.');
  }
  return deps.db.asSystem(async (tx) => {
    const [user] = await deps.db.rows<{ email: string; name: string }>(tx, 'SELECT email, name FROM users WHERE id = :userId', { userId });
    if (user === undefined || user.email.endsWith('.invalid')) {
      throw conflict('Your account has no email address yet.');
    }
    // As mail to an address, so that it comes in the language that was asked for; as service mail, since it was asked for.
    const to = { ...user, userId: null };
    await queueMail(deps, tx, {
      template: name,
      data: templates[name].sample,
      to,
      language,
      category: 'account',
      validSeconds: sampleSeconds,
    });
    return { email: user.email };
  });
}
