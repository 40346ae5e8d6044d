import type { MailLanguage } from '@carmic/contract';
import { formatAmount } from '../../core/formatAmount.ts';
import type { BillingReport, MailTemplateDefinition } from './mailText.ts';

interface Words {
  subject: string;
  lines: readonly string[];
}

const plain = (word: string) => word.replaceAll('_', ' ');
const isOpen = (status: string) => status.endsWith('needs_response');

const customerWords = {
  en: (customer: string | null) => (customer === null ? 'a customer who belongs to no workspace here' : `the workspace “${customer}”`),
  de: (customer: string | null) => (customer === null ? 'eines Kunden ohne Arbeitsbereich hier' : `des Arbeitsbereichs „${customer}“`),
} as const;

function english(report: BillingReport): Words {
  switch (report.kind) {
    case 'dispute': {
      const { status, reason, amount, currency, customer, due } = report;
      return {
        subject: isOpen(status) ? 'A payment is disputed' : `A dispute is now: ${plain(status)}`,
        lines: [
          `The payment of ${formatAmount(amount, currency, 'en')} by ${customerWords.en(customer)} is disputed at the bank${reason === null ? '' : ` (${plain(reason)})`}. Its state: ${plain(status)}.`,
          ...(due === null ? [] : [`Answer it at Stripe before ${due}, or it is lost.`]),
          'The plan goes on unless Stripe ends the subscription: that is set there, under disputed payments.',
        ],
      };
    }
    case 'refund_failed': {
      const sum = formatAmount(report.amount, report.currency, 'en');
      const lines = [`The refund of ${sum} to ${customerWords.en(report.customer)} did not work: send it another way, at Stripe.`];
      return { subject: 'A refund did not work', lines };
    }
    case 'differences':
      return {
        subject: report.open === 0 ? 'Stripe and this installation differed, and agree again' : 'Stripe and this installation differ',
        lines: [
          `The comparison with Stripe found ${report.found}, of which ${report.open} have to be looked at.`,
          ...report.kinds.map(({ name, count }) => `${name}: ${count}`),
        ],
      };
    case 'comparison_failed':
      return { subject: 'The comparison with Stripe could not be done', lines: [report.failure] };
  }
}

function german(report: BillingReport): Words {
  switch (report.kind) {
    case 'dispute': {
      const { status, reason, amount, currency, customer, due } = report;
      return {
        subject: isOpen(status) ? 'Eine Zahlung wird angefochten' : `Eine angefochtene Zahlung steht jetzt auf: ${plain(status)}`,
        lines: [
          `Die Zahlung ${customerWords.de(customer)} über ${formatAmount(amount, currency, 'de')} wird bei der Bank angefochten${reason === null ? '' : ` (${plain(reason)})`}. Ihr Stand: ${plain(status)}.`,
          ...(due === null ? [] : [`Antworten Sie bei Stripe vor dem ${due}, sonst ist sie verloren.`]),
          'Der Tarif läuft weiter, es sei denn, Stripe beendet das Abonnement: Das stellen Sie dort bei den angefochtenen Zahlungen ein.',
        ],
      };
    }
    case 'refund_failed': {
      const sum = formatAmount(report.amount, report.currency, 'de');
      const lines = [
        `Die Rückzahlung ${customerWords.de(report.customer)} über ${sum} hat nicht geklappt: Senden Sie sie bei Stripe auf anderem Weg.`,
      ];
      return { subject: 'Eine Rückzahlung hat nicht geklappt', lines };
    }
    case 'differences':
      return {
        subject:
          report.open === 0
            ? 'Stripe und diese Installation wichen ab und stimmen wieder überein'
            : 'Stripe und diese Installation weichen ab',
        lines: [
          `Der Vergleich mit Stripe fand ${report.found}; davon sind ${report.open} anzusehen.`,
          ...report.kinds.map(({ name, count }) => `${name}: ${count}`),
        ],
      };
    case 'comparison_failed':
      return { subject: 'Der Vergleich mit Stripe war nicht möglich', lines: [report.failure] };
  }
}

const words: Readonly<Record<MailLanguage, (report: BillingReport) => Words>> = { en: english, de: german };
const more = { en: 'All of it', de: 'Alles dazu' } as const;

function write(language: MailLanguage) {
  return ({ report }: { report: BillingReport }, { instance, baseUrl }: { instance: string; baseUrl: string }) => {
    const { subject, lines } = words[language](report);
    return { subject: `${subject} (${instance})`, lines: [...lines, `${more[language]}: ${baseUrl}/#/plans`] };
  };
}

/** What administrators are told of the money of their installation. */
export const billingReport: MailTemplateDefinition<'billing_report'> = {
  category: 'billing',
  sample: {
    report: {
      kind: 'dispute',
      status: 'needs_response',
      reason: 'product_not_received',
      amount: 1900,
      currency: 'eur',
      customer: 'Our talks',
      due: '2026-12-05',
    },
  },
  texts: { en: write('en'), de: write('de') },
};
