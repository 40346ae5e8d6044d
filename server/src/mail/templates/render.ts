/** Lays a mail out: as plain text, and as HTML without pictures, scripts, fonts or anything else that is fetched. */
import { type MailCategory, mailCategories, type MailLanguage } from '@carmic/contract';
import type { MailPlace, MailText } from './mailText.ts';

/** A mail as it is sent. */
export interface RenderedMail {
  subject: string;
  text: string;
  html: string;
}

const frame = {
  en: {
    hello: (name: string) => (name === '' ? 'Hello,' : `Hello ${name},`),
    why: {
      service: (instance: string) => `You get this because it is needed for your account at ${instance}. Other mails can be switched off:`,
      notice: (instance: string) => `You get this as somebody who uses ${instance}. No more mails of this kind:`,
      marketing: (instance: string) => `You get this because you agreed to news from ${instance}. Unsubscribe with one click:`,
    },
    off: { service: 'Choose mails', notice: 'Switch off', marketing: 'Unsubscribe' },
  },
  de: {
    hello: (name: string) => (name === '' ? 'Guten Tag,' : `Guten Tag ${name},`),
    why: {
      service: (instance: string) =>
        `Sie bekommen diese Nachricht, weil sie für Ihr Konto bei ${instance} nötig ist. Andere Mails lassen sich abbestellen:`,
      notice: (instance: string) => `Sie bekommen diese Nachricht, weil Sie ${instance} benutzen. Keine solchen Mails mehr:`,
      marketing: (instance: string) =>
        `Sie bekommen diese Nachricht, weil Sie Neuigkeiten von ${instance} zugestimmt haben. Mit einem Klick abbestellen:`,
    },
    off: { service: 'Mails auswählen', notice: 'Abbestellen', marketing: 'Abbestellen' },
  },
} as const;

const escape = (text: string) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
/** Addresses in a text become links; everything else is shown as it is. */
const linked = (text: string) =>
  escape(text).replace(/https?:\/\/[^\s<>&]+/g, (url) => `<a href="${url}" style="color:#b30f38">${url}</a>`);

/** Renders one mail. `link` is what it is about; `unsubscribeUrl` stands at its end. */
export function renderMail(mail: {
  language: MailLanguage;
  category: MailCategory;
  text: MailText;
  place: MailPlace;
  link: string | null;
  unsubscribeUrl: string;
}): RenderedMail {
  const { text, place, link, language, unsubscribeUrl } = mail;
  const kind = mailCategories[mail.category];
  const words = frame[language];
  const end = text.end ?? [];
  const paragraphs = [words.hello(place.name), ...text.lines, ...(link === null ? [] : [link]), ...end];
  const why = words.why[kind](place.instance);
  const asParagraph = (line: string) => `<p style="margin:0 0 14px;white-space:pre-wrap">${linked(line)}</p>`;
  const button =
    link === null || text.action === undefined
      ? ''
      : `<p style="margin:22px 0"><a href="${escape(link)}" style="background:#b30f38;color:#fff;padding:11px 18px;border-radius:8px;text-decoration:none;font-weight:600;display:inline-block">${escape(text.action)}</a></p><p style="margin:0 0 14px;font-size:13px;color:#666;word-break:break-all">${escape(link)}</p>`;
  return {
    // A line break in a subject would begin another header.
    subject: text.subject.replace(/[\r\n]+/g, ' '),
    text: `${paragraphs.join('\n\n')}\n\n-- \n${why}\n${unsubscribeUrl}\n`,
    html: `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${escape(text.subject)}</title></head><body style="margin:0;padding:24px;font:15px/1.55 system-ui,-apple-system,'Segoe UI',sans-serif;color:#1c1a27;background:#f6f5fa"><div style="max-width:560px;margin:0 auto;background:#fff;border-radius:12px;padding:28px">${asParagraph(words.hello(place.name))}${text.lines.map(asParagraph).join('')}${button}${end.map(asParagraph).join('')}<hr style="border:0;border-top:1px solid #e4e2ee;margin:22px 0"><p style="margin:0;font-size:12px;color:#666">${escape(why)} <a href="${escape(unsubscribeUrl)}" style="color:#666">${words.off[kind]}</a></p></div></body></html>`,
  };
}
