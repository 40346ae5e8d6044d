import type { PrivacyRequestKind } from '@carmic/contract';
import type { MailTemplateDefinition, RequestLetter } from './mailText.ts';

const names: Record<'en' | 'de', Record<PrivacyRequestKind, string>> = {
  en: {
    access: 'a copy of your data',
    rectification: 'a correction of your data',
    restriction: 'restricting what is done with your data',
    objection: 'objecting to statistics and marketing',
    erasure: 'deleting your data',
    human_decision: 'a person’s decision',
  },
  de: {
    access: 'eine Kopie Ihrer Daten',
    rectification: 'eine Berichtigung Ihrer Daten',
    restriction: 'die Einschränkung der Verarbeitung Ihrer Daten',
    objection: 'Widerspruch gegen Statistik und Werbung',
    erasure: 'die Löschung Ihrer Daten',
    human_decision: 'die Entscheidung eines Menschen',
  },
};

const letters: Record<RequestLetter, Record<'en' | 'de', (what: string, reason: string) => { subject: string; lines: string[] }>> = {
  received: {
    en: (what) => ({
      subject: 'Your request has arrived',
      lines: [
        `Your request for ${what} has arrived. You get an answer within one month. We may have to make sure first that it is you who asks.`,
      ],
    }),
    de: (what) => ({
      subject: 'Ihre Anfrage ist angekommen',
      lines: [
        `Ihre Anfrage (${what}) ist angekommen. Sie bekommen innerhalb eines Monats eine Antwort. Vielleicht müssen wir uns vorher vergewissern, dass Sie es sind.`,
      ],
    }),
  },
  extended: {
    en: (what, reason) => ({
      subject: 'Your request takes longer',
      lines: [
        `Your request for ${what} takes longer than a month; you get an answer within three months of its arrival. The reason: ${reason}`,
        'You may complain to a supervisory authority.',
      ],
    }),
    de: (what, reason) => ({
      subject: 'Ihre Anfrage dauert länger',
      lines: [
        `Ihre Anfrage (${what}) dauert länger als einen Monat; Sie bekommen innerhalb von drei Monaten nach dem Eingang eine Antwort. Der Grund: ${reason}`,
        'Sie können sich bei einer Aufsichtsbehörde beschweren.',
      ],
    }),
  },
  refused: {
    en: (what, reason) => ({
      subject: 'Your request was not granted',
      lines: [
        `Your request for ${what} was not granted. The reason: ${reason}`,
        'You may complain to a supervisory authority, or go to court.',
      ],
    }),
    de: (what, reason) => ({
      subject: 'Ihrer Anfrage wurde nicht entsprochen',
      lines: [
        `Ihrer Anfrage (${what}) wurde nicht entsprochen. Der Grund: ${reason}`,
        'Sie können sich bei einer Aufsichtsbehörde beschweren oder vor Gericht gehen.',
      ],
    }),
  },
  done: {
    en: (what) => ({
      subject: 'Your request is done',
      lines: [
        `Your request for ${what} is done. What can be fetched or changed is on the Privacy page of your account, while there is one.`,
      ],
    }),
    de: (what) => ({
      subject: 'Ihre Anfrage ist erledigt',
      lines: [
        `Ihre Anfrage (${what}) ist erledigt. Was sich abholen oder ändern lässt, steht auf der Datenschutzseite Ihres Kontos, solange es eines gibt.`,
      ],
    }),
  },
  unknown: {
    en: (what) => ({
      subject: 'Your request is done',
      lines: [`Your request for ${what} is done: no account has this address, and nothing is kept about it here.`],
    }),
    de: (what) => ({
      subject: 'Ihre Anfrage ist erledigt',
      lines: [`Ihre Anfrage (${what}) ist erledigt: Kein Konto hat diese Adresse, und hier ist nichts dazu gespeichert.`],
    }),
  },
};

/** Mails about requests concerning personal data. */
export const requestTemplates: { readonly [N in 'privacy_request' | 'privacy_due']: MailTemplateDefinition<N> } = {
  privacy_request: {
    category: 'privacy',
    sample: { letter: 'extended', kind: 'access', reason: 'There is a great deal of it.' },
    texts: {
      en: ({ letter, kind, reason }, { instance }) => {
        const { subject, lines } = letters[letter].en(names.en[kind], reason);
        return { subject: `${subject} (${instance})`, lines };
      },
      de: ({ letter, kind, reason }, { instance }) => {
        const { subject, lines } = letters[letter].de(names.de[kind], reason);
        return { subject: `${subject} (${instance})`, lines };
      },
    },
  },
  privacy_due: {
    category: 'privacy',
    sample: { requests: 2, first: '2026-12-04' },
    texts: {
      en: ({ requests, first }, { instance, baseUrl }) => ({
        subject: `Privacy requests are due (${instance})`,
        lines: [
          `${requests === 1 ? 'One request' : `${requests} requests`} concerning personal data must be answered soon, the first by ${first}:`,
          `${baseUrl}/#/privacy-requests`,
        ],
      }),
      de: ({ requests, first }, { instance, baseUrl }) => ({
        subject: `Datenschutzanfragen werden fällig (${instance})`,
        lines: [
          `${requests === 1 ? 'Eine Anfrage' : `${requests} Anfragen`} zu personenbezogenen Daten müssen bald beantwortet werden, die erste bis ${first}:`,
          `${baseUrl}/#/privacy-requests`,
        ],
      }),
    },
  },
};
