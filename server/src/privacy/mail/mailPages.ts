/**
 * The pages behind the links in mails. Keeps: M2. Opening one changes nothing, since programs that look for viruses follow every link; its one
 * button does, or the POST of a mail program (RFC 8058), without a sign-in, without a redirect, and any number of times.
 */
import type { Context, Middleware } from 'koa';
import type { Deps } from '../../deps.ts';
import { escapeHtml, languageOf, publicStyle, sendPage } from '../../http/publicPage.ts';
import { blockAddress, switchOff } from '../../mail/choices.ts';
import { confirmConsents } from '../../mail/mailSettings.ts';
import { type MailTarget, openTarget } from '../../mail/unsubscribeLinks.ts';

const words = {
  en: {
    off: 'Switch off mails',
    offText: {
      all: 'You will get only what your account needs: links you asked for, security, bills, deletions.',
      storage: 'You will get no more notices about your storage.',
      invitation: 'You will get no more invitations from here.',
      news: 'You will get no more news.',
      tips: 'You will get no more tips.',
    },
    offButton: 'Switch off',
    offDone: 'Switched off',
    offDoneText: 'It holds from now on, also for mails that wait to be sent. You can change it in your account.',
    confirm: 'Confirm',
    confirmText: 'You will get news and tips by mail. Every one of them has a link that ends it.',
    confirmButton: 'Yes, send them',
    confirmDone: 'Thank you',
    confirmDoneText: 'Your consent is recorded.',
    confirmGone: 'This link is of no use any more: the consent was ended in the meantime.',
    wrong: 'This link does not work',
    wrongText: 'It is not complete. Open the mail again and follow the whole link, or choose your mails in your account.',
  },
  de: {
    off: 'Mails abbestellen',
    offText: {
      all: 'Sie bekommen dann nur noch, was Ihr Konto braucht: angeforderte Links, Sicherheit, Rechnungen, Löschungen.',
      storage: 'Sie bekommen keine Hinweise zu Ihrem Speicher mehr.',
      invitation: 'Sie bekommen von hier keine Einladungen mehr.',
      news: 'Sie bekommen keine Neuigkeiten mehr.',
      tips: 'Sie bekommen keine Tipps mehr.',
    },
    offButton: 'Abbestellen',
    offDone: 'Abbestellt',
    offDoneText: 'Das gilt ab sofort, auch für Mails, die schon warten. In Ihrem Konto können Sie es ändern.',
    confirm: 'Bestätigen',
    confirmText: 'Sie bekommen dann Neuigkeiten und Tipps per Mail. In jeder steht ein Link, der das beendet.',
    confirmButton: 'Ja, bitte schicken',
    confirmDone: 'Vielen Dank',
    confirmDoneText: 'Ihre Einwilligung ist festgehalten.',
    confirmGone: 'Dieser Link gilt nicht mehr: Die Einwilligung wurde inzwischen beendet.',
    wrong: 'Dieser Link funktioniert nicht',
    wrongText:
      'Er ist nicht vollständig. Öffnen Sie die Mail noch einmal und folgen Sie dem ganzen Link, oder wählen Sie Ihre Mails in Ihrem Konto.',
  },
} as const;

const textOf = (language: 'en' | 'de', category: MailTarget['category']) => {
  const texts: Partial<Record<MailTarget['category'], string>> = words[language].offText;
  return texts[category] ?? words[language].offText.all;
};

/** One page with one button, which sends the address of the page again. */
function ask(context: Context, language: 'en' | 'de', page: { title: string; text: string; button: string }): void {
  const body = `<p>${escapeHtml(page.text)}</p><form method="post"><button type="submit">${escapeHtml(page.button)}</button></form>`;
  sendPage(context, { title: page.title, language, body, isSmall: true });
}

const tell = (context: Context, language: 'en' | 'de', title: string, text: string, status = 200) =>
  sendPage(context, { title, language, body: `<p>${escapeHtml(text)}</p>`, isSmall: true, status });

async function switchOffTarget(deps: Deps, { userId, email, category }: MailTarget): Promise<void> {
  await deps.db.asSystem(async (tx) => {
    if (userId !== null) {
      await switchOff(deps, tx, userId, category, 'one_click');
    } else if (email !== null) {
      await blockAddress(deps, tx, email);
    }
  });
}

/** Serves `/mail/unsubscribe`, `/mail/confirm` and the style sheet of all public pages. */
export function createMailPages(deps: Deps): Middleware {
  return async (context, next) => {
    if (context.path === '/public.css') {
      context.type = 'text/css; charset=utf-8';
      context.set('cache-control', 'max-age=3600');
      context.body = publicStyle;
      return;
    }
    if (context.path !== '/mail/unsubscribe' && context.path !== '/mail/confirm') {
      await next();
      return;
    }
    const { token } = context.query;
    const target = typeof token === 'string' && token.length < 2000 ? openTarget(deps, token) : null;
    const isConfirming = context.path === '/mail/confirm';
    if (target === null || isConfirming !== (target.confirms !== undefined)) {
      const language = languageOf(context);
      tell(context, language, words[language].wrong, words[language].wrongText, 400);
      return;
    }
    const { language } = target;
    const own = words[language];
    switch (context.method) {
      case 'GET':
      case 'HEAD':
        ask(
          context,
          language,
          isConfirming
            ? { title: own.confirm, text: own.confirmText, button: own.confirmButton }
            : { title: own.off, text: textOf(language, target.category), button: own.offButton },
        );
        return;
      case 'POST':
        if (target.confirms !== undefined) {
          const { userId, confirms } = target;
          const isDone = userId !== null && (await deps.db.asSystem((tx) => confirmConsents(deps, tx, userId, confirms)));
          tell(
            context,
            language,
            isDone ? own.confirmDone : own.confirm,
            isDone ? own.confirmDoneText : own.confirmGone,
            isDone ? 200 : 410,
          );
          return;
        }
        await switchOffTarget(deps, target);
        tell(context, language, own.offDone, own.offDoneText);
        return;
      default:
        context.set('allow', 'GET, HEAD, POST');
        context.status = 405;
    }
  };
}
