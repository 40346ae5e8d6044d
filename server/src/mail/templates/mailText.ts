/** What mails say, as plain data; how they look is render.ts. Each text stands in every language beside its neighbour. */
import type { MailCategory, MailLanguage, PrivacyRequestKind } from '@carmic/contract';

/** What each template is told. */
export interface MailData {
  sign_up: { link: string };
  reset_password: { link: string };
  change_email: { link: string };
  invitation: { link: string };
  mail_test: { at: string };
  security: { notice: SecurityNotice; detail?: string; at: string };
  retention_expiry: { workspace: string; videos: number; first: string; days: readonly { day: string; videos: number }[] };
  retention_grace: { workspace: string; days: number; until: string };
  retention_erasures: { workspace: string; deletions: number; files: number };
  retention_quota: { workspace: string; used: string; limit: string; isFull: boolean };
  billing_change: { workspace: string; change: BillingMailKind; invoiceUrl: string | null; nextAttempt: string | null };
  billing_budget: { workspace: string; minutes: number };
  billing_refund: { workspace: string; amount: number; currency: string };
  billing_report: { report: BillingReport };
  privacy_request: { letter: RequestLetter; kind: PrivacyRequestKind; reason: string };
  privacy_due: { requests: number; first: string };
  third_parties: { effective: string; changes: readonly PartyChange[] };
  policy: {
    kind: 'privacy' | 'processing';
    version: number;
    changes: Record<MailLanguage, readonly { kind: 'added' | 'removed'; text: string }[]>;
  };
  marketing_confirmation: { link: string; wording: string };
  announcement: { subject: Record<MailLanguage, string>; text: Record<MailLanguage, string> };
}
export type TemplateName = keyof MailData;

/** What somebody is told of their request. */
export type RequestLetter = 'received' | 'extended' | 'refused' | 'done' | 'unknown';

/** A third party that will be called from a day on. */
export interface PartyChange {
  name: string;
  purpose: Record<MailLanguage, string>;
  data: Record<MailLanguage, string>;
  region: string;
}

/** What a mail about a subscription can be about. */
export type BillingMailKind = 'started' | 'payment_failed' | 'confirmation_needed' | 'settled' | 'lapsed';

/** What administrators are told of the money of their installation; words of Stripe stay as it writes them. */
export type BillingReport =
  | {
      kind: 'dispute';
      status: string;
      reason: string | null;
      amount: number;
      currency: string;
      /** Null: a customer who belongs to no workspace. */
      customer: string | null;
      /** A day, while it waits for an answer. */
      due: string | null;
    }
  | { kind: 'refund_failed'; amount: number; currency: string; customer: string | null }
  | { kind: 'differences'; found: number; open: number; kinds: readonly { name: string; count: number }[] }
  | { kind: 'comparison_failed'; failure: string };

/** What can have happened to an account. */
export const securityNotices = {
  account_exists: {
    en: () => 'Somebody asked for an account with your address, which has one already',
    de: () => 'Jemand wollte mit Ihrer Adresse ein Konto anlegen; es gibt dafür schon eines',
  },
  use_provider: {
    en: (detail: string) => `Somebody asked for a new password, but you sign in with ${detail} here`,
    de: (detail: string) => `Jemand hat ein neues Passwort angefordert; Sie melden sich hier aber über ${detail} an`,
  },
  password_reset: { en: () => 'Your password was set anew by a link', de: () => 'Ihr Passwort wurde über einen Link neu gesetzt' },
  password_changed: { en: () => 'Your password was changed', de: () => 'Ihr Passwort wurde geändert' },
  email_changed: {
    en: () => 'The email address of your account was changed',
    de: () => 'Die E-Mail-Adresse Ihres Kontos wurde geändert',
  },
  second_factors_changed: { en: () => 'Your second factors were changed', de: () => 'Ihre zweiten Faktoren wurden geändert' },
  second_factors_removed: {
    en: () => 'Your second factors were removed by an administrator',
    de: () => 'Ihre zweiten Faktoren wurden von der Verwaltung entfernt',
  },
  api_key_made: { en: () => 'An API key was made', de: () => 'Ein API-Schlüssel wurde angelegt' },
  identity_linked: {
    en: (detail: string) => `Your account can be opened with ${detail} from now on`,
    de: (detail: string) => `Ihr Konto kann ab jetzt mit ${detail} geöffnet werden`,
  },
  break_glass: {
    en: () => 'A break-glass administrator signed in by password, past the identity provider',
    de: () => 'Ein Notfall-Administrator hat sich mit Passwort angemeldet, am Identitätsanbieter vorbei',
  },
  workspace_suspended: {
    en: (detail: string) => `Your workspace “${detail}” was suspended by an administrator. Sign in to read why`,
    de: (detail: string) => `Ihr Arbeitsbereich „${detail}“ wurde von der Verwaltung gesperrt. Melden Sie sich an, um den Grund zu lesen`,
  },
  workspace_reinstated: {
    en: (detail: string) => `Your workspace “${detail}” is open again`,
    de: (detail: string) => `Ihr Arbeitsbereich „${detail}“ ist wieder offen`,
  },
  webhook_off: {
    en: () => 'A webhook of yours was switched off, because it took no call for three days',
    de: () => 'Einer Ihrer Webhooks wurde abgeschaltet, weil er drei Tage lang keinen Aufruf annahm',
  },
} as const satisfies Record<string, Record<MailLanguage, (detail: string) => string>>;
export type SecurityNotice = keyof typeof securityNotices;

/** One mail in one language, before it is laid out. */
export interface MailText {
  subject: string;
  lines: readonly string[];
  /** What the button says; its address is the mail's link. */
  action?: string;
  /** After the button. */
  end?: readonly string[];
}

/** What every text may name. */
export interface MailPlace {
  name: string;
  instance: string;
  baseUrl: string;
}

export interface MailTemplateDefinition<N extends TemplateName> {
  category: MailCategory;
  /** Made-up values, for looking at it. */
  sample: MailData[N];
  texts: Record<MailLanguage, (data: MailData[N], place: MailPlace) => MailText>;
}
