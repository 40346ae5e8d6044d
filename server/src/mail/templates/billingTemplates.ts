import type { MailLanguage } from '@carmic/contract';
import { formatAmount } from '../../core/formatAmount.ts';
import { billingReport } from './billingReport.ts';
import type { BillingMailKind, MailData, MailTemplateDefinition } from './mailText.ts';

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
        'The payment for the plan of this workspace did not work: the card was refused, or the bank wants you to confirm it.',
        'The plan stays in force while it is tried again, and everything can be read and downloaded.',
      ],
    },
    de: {
      subject: 'Eine Zahlung hat nicht geklappt',
      lines: [
        'Die Zahlung für den Tarif dieses Arbeitsbereichs hat nicht geklappt: Die Karte wurde abgelehnt, oder die Bank möchte eine Bestätigung von Ihnen.',
        'Der Tarif gilt weiter, solange sie noch einmal versucht wird, und alles kann gelesen und heruntergeladen werden.',
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

/** When a payment that did not work is tried again. */
const nextTry = {
  en: (day: string | null) =>
    day === null
      ? 'This was the last try: pay the invoice before the plan ends, or begin anew afterwards.'
      : `It is tried again on ${day}. Another card, or the payment itself, is welcome before that.`,
  de: (day: string | null) =>
    day === null
      ? 'Das war der letzte Versuch: Bezahlen Sie die Rechnung, bevor der Tarif endet, oder beginnen Sie danach neu.'
      : `Der nächste Versuch ist am ${day}. Eine andere Karte oder die Zahlung selbst ist vorher willkommen.`,
} as const;
const triesOf = ({ change, nextAttempt }: MailData['billing_change'], language: MailLanguage) =>
  change === 'payment_failed' ? [nextTry[language](nextAttempt)] : [];

type Name = 'billing_change' | 'billing_budget' | 'billing_refund' | 'billing_report';

/** Mails about money. */
export const billingTemplates: { readonly [N in Name]: MailTemplateDefinition<N> } = {
  billing_change: {
    category: 'billing',
    sample: { workspace: 'Our talks', change: 'payment_failed', invoiceUrl: 'https://invoice.example/1', nextAttempt: '2026-12-05' },
    texts: {
      en: (data, { instance, baseUrl }) => ({
        subject: `${changes[data.change].en.subject} (${instance})`,
        lines: [
          `this is about the workspace “${data.workspace}”.`,
          ...changes[data.change].en.lines,
          ...triesOf(data, 'en'),
          ...(data.invoiceUrl === null ? [] : [`${invoiceWords.en}: ${data.invoiceUrl}`]),
          `Plan and invoices: ${baseUrl}/#/billing`,
        ],
      }),
      de: (data, { instance, baseUrl }) => ({
        subject: `${changes[data.change].de.subject} (${instance})`,
        lines: [
          `es geht um den Arbeitsbereich „${data.workspace}“.`,
          ...changes[data.change].de.lines,
          ...triesOf(data, 'de'),
          ...(data.invoiceUrl === null ? [] : [`${invoiceWords.de}: ${data.invoiceUrl}`]),
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
  billing_refund: {
    category: 'billing',
    sample: { workspace: 'Our talks', amount: 1900, currency: 'eur' },
    texts: {
      en: ({ workspace, amount, currency }, { instance, baseUrl }) => ({
        subject: `Money was given back to you (${instance})`,
        lines: [
          `this is about the workspace “${workspace}”.`,
          `${formatAmount(amount, currency, 'en')} of what it paid was given back. Your plan does not change by that.`,
          `Plan and invoices: ${baseUrl}/#/billing`,
        ],
      }),
      de: ({ workspace, amount, currency }, { instance, baseUrl }) => ({
        subject: `Sie haben Geld zurückbekommen (${instance})`,
        lines: [
          `es geht um den Arbeitsbereich „${workspace}“.`,
          `${formatAmount(amount, currency, 'de')} von dem, was er bezahlt hat, wurden zurückgezahlt. Ihr Tarif ändert sich dadurch nicht.`,
          `Tarif und Rechnungen: ${baseUrl}/#/billing`,
        ],
      }),
    },
  },
  billing_report: billingReport,
};
