import type { MailLanguage } from '@carmic/contract';
import type { BillingMailKind, MailTemplateDefinition } from './mailText.ts';

interface Words {
  subject: string;
  lines: readonly string[];
}

/** What each mail about a subscription says. */
const changes: Readonly<Record<BillingMailKind, Record<MailLanguage, Words>>> = {
  started: {
    en: { subject: 'Your plan has started', lines: ['Thank you: the plan of this workspace is in force now.'] },
    de: { subject: 'Ihr Tarif hat begonnen', lines: ['Vielen Dank: Der Tarif dieses Arbeitsbereichs gilt ab jetzt.'] },
  },
  payment_failed: {
    en: {
      subject: 'A payment did not work',
      lines: [
        'The payment for the plan of this workspace did not work. It is tried again in the next days.',
        'Nothing changes until then: the plan stays in force, and everything can be read and downloaded.',
      ],
    },
    de: {
      subject: 'Eine Zahlung hat nicht geklappt',
      lines: [
        'Die Zahlung für den Tarif dieses Arbeitsbereichs hat nicht geklappt. Sie wird in den nächsten Tagen noch einmal versucht.',
        'Bis dahin ändert sich nichts: Der Tarif gilt weiter, und alles kann gelesen und heruntergeladen werden.',
      ],
    },
  },
  confirmation_needed: {
    en: {
      subject: 'A payment waits for your confirmation',
      lines: ['Your bank wants you to confirm the payment. The plan starts as soon as that is done.'],
    },
    de: {
      subject: 'Eine Zahlung wartet auf Ihre Bestätigung',
      lines: ['Ihre Bank möchte, dass Sie die Zahlung bestätigen. Der Tarif beginnt, sobald das getan ist.'],
    },
  },
  settled: {
    en: {
      subject: 'The payment has arrived',
      lines: ['The open payment for the plan of this workspace has arrived. Nothing else changes.'],
    },
    de: {
      subject: 'Die Zahlung ist angekommen',
      lines: ['Die offene Zahlung für den Tarif dieses Arbeitsbereichs ist angekommen. Sonst ändert sich nichts.'],
    },
  },
  lapsed: {
    en: {
      subject: 'Your plan has ended',
      lines: [
        'The plan of this workspace has ended, and the one without costs applies to new work.',
        'Nothing of what you have is deleted for 14 days because of that, and all of it can be downloaded. You are told again 7 days and one day before anything goes.',
        'A plan that starts before then keeps it.',
      ],
    },
    de: {
      subject: 'Ihr Tarif ist zu Ende',
      lines: [
        'Der Tarif dieses Arbeitsbereichs ist zu Ende; für Neues gilt der kostenlose.',
        'Von dem, was da ist, wird deswegen 14 Tage lang nichts gelöscht, und alles kann heruntergeladen werden. Sieben Tage und einen Tag, bevor etwas gelöscht wird, erinnern wir Sie.',
        'Ein Tarif, der vorher beginnt, erhält es.',
      ],
    },
  },
};

const invoiceWords = { en: 'The invoice, on a page of Stripe', de: 'Die Rechnung, auf einer Seite von Stripe' } as const;

/** Mails about money. */
export const billingTemplates: { readonly [N in 'billing_change' | 'billing_budget']: MailTemplateDefinition<N> } = {
  billing_change: {
    category: 'billing',
    sample: { workspace: 'Our talks', change: 'payment_failed', invoiceUrl: 'https://invoice.example/1' },
    texts: {
      en: ({ workspace, change, invoiceUrl }, { instance, baseUrl }) => ({
        subject: `${changes[change].en.subject} (${instance})`,
        lines: [
          `this is about the workspace “${workspace}”.`,
          ...changes[change].en.lines,
          ...(invoiceUrl === null ? [] : [`${invoiceWords.en}: ${invoiceUrl}`]),
          `Plan and invoices: ${baseUrl}/#/billing`,
        ],
      }),
      de: ({ workspace, change, invoiceUrl }, { instance, baseUrl }) => ({
        subject: `${changes[change].de.subject} (${instance})`,
        lines: [
          `es geht um den Arbeitsbereich „${workspace}“.`,
          ...changes[change].de.lines,
          ...(invoiceUrl === null ? [] : [`${invoiceWords.de}: ${invoiceUrl}`]),
          `Tarif und Rechnungen: ${baseUrl}/#/billing`,
        ],
      }),
    },
  },
  billing_budget: {
    category: 'billing',
    sample: { workspace: 'Our talks', minutes: 300 },
    texts: {
      en: ({ workspace, minutes }, { instance, baseUrl }) => ({
        subject: `Your budget of minutes is reached (${instance})`,
        lines: [
          `this is about the workspace “${workspace}”.`,
          `${minutes} minutes of processing are used or reserved this month: the budget that this workspace set for itself.`,
          'Nothing stops because of it.',
          `What used it, and the budget: ${baseUrl}/#/account`,
        ],
      }),
      de: ({ workspace, minutes }, { instance, baseUrl }) => ({
        subject: `Ihr Minutenbudget ist erreicht (${instance})`,
        lines: [
          `es geht um den Arbeitsbereich „${workspace}“.`,
          `${minutes} Minuten Verarbeitung sind diesen Monat verbraucht oder vorgemerkt: das Budget, das dieser Arbeitsbereich sich gesetzt hat.`,
          'Deswegen hört nichts auf.',
          `Was sie verbraucht hat, und das Budget: ${baseUrl}/#/account`,
        ],
      }),
    },
  },
};
