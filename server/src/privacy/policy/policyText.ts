/** Writes the privacy policy and the annex on processing from what is in force, so that they cannot say anything else. Pure. */

import { germanParties } from '@carmic/contract';

type Language = 'en' | 'de';
type Both = Record<Language, string>;

/** What is in force. */
export interface PolicyFacts {
  instance: string;
  baseUrl: string;
  operator: { name: string; address: string | null; email: string; officer: string | null; authority: string | null };
  /** Days until content goes; null for plans that keep it. */
  plans: readonly { name: string; days: number | null }[];
  parties: readonly { name: string; purpose: Both; data: Both; region: string; transfer: string; contractUrl: string | null }[];
  marketing: 'off' | 'opt_in' | 'registration';
  isDoubleOptIn: boolean;
  sellsPlans: boolean;
  isMailOn: boolean;
  /** Host of the error reports; null when they are off. */
  errorReports: string | null;
  storage: 'disk' | 's3';
}

export interface PolicySection {
  title: string;
  lines: string[];
}
export type Policy = Record<Language, PolicySection[]>;

const list = (parts: readonly (string | null)[]) => parts.filter((part) => part !== null).join(', ');
const days = (count: number, language: Language) =>
  language === 'en' ? `${count} ${count === 1 ? 'day' : 'days'}` : `${count} ${count === 1 ? 'Tag' : 'Tage'}`;

function planLines({ plans }: PolicyFacts, language: Language): string[] {
  return plans.map(({ name, days: count }) =>
    language === 'en'
      ? `${name}: ${count === null ? 'until you delete it' : `${days(count, 'en')} after the upload`}.`
      : `${name}: ${count === null ? 'bis Sie es löschen' : `${days(count, 'de')} nach dem Hochladen`}.`,
  );
}

function partyLines({ parties }: PolicyFacts, language: Language): string[] {
  if (parties.length === 0) {
    return [language === 'en' ? 'Nobody: no third party is switched on.' : 'Niemand: Es ist kein Dritter eingeschaltet.'];
  }
  return parties.map((party) => {
    const contract = party.contractUrl === null ? '' : ` ${party.contractUrl}`;
    const [name, region, transfer] = [party.name, party.region, party.transfer].map((text) =>
      language === 'de' ? (germanParties[text] ?? text) : text,
    );
    return `${name}: ${party.purpose[language]}. ${party.data[language]}. ${region}. ${transfer}.${contract}`;
  });
}

const marketingLine: Record<PolicyFacts['marketing'], Both> = {
  off: { en: 'No marketing mail is sent.', de: 'Werbung per Mail wird nicht verschickt.' },
  opt_in: {
    en: 'Marketing mail goes to those who ticked its box (Article 6(1)(a) GDPR). Every one has a link that ends it.',
    de: 'Werbung per Mail bekommt, wer dafür ein Häkchen gesetzt hat (Art. 6 Abs. 1 lit. a DSGVO). In jeder steht ein Link, der sie beendet.',
  },
  registration: {
    en: 'Whoever registers agrees to marketing mail by the words shown there, which are recorded. One click in the account or in any mail ends it.',
    de: 'Wer sich registriert, stimmt mit den dort gezeigten, festgehaltenen Worten Werbung per Mail zu. Ein Klick im Konto oder in jeder Mail beendet sie.',
  },
};
const doubleLine: Both = {
  en: 'A consent counts once the link in a mail has been confirmed.',
  de: 'Eine Einwilligung gilt erst, wenn der Link in einer Mail bestätigt wurde.',
};

/** The privacy policy. */
export function writePrivacyPolicy(facts: PolicyFacts): Policy {
  const { operator } = facts;
  const contact = list([operator.name, operator.address, operator.email]);
  const marketing = (language: Language) => [
    marketingLine[facts.marketing][language],
    ...(facts.marketing !== 'off' && facts.isDoubleOptIn ? [doubleLine[language]] : []),
  ];
  return {
    en: [
      {
        title: 'Who is responsible',
        lines: [`${contact}.`, ...(operator.officer === null ? [] : [`Data-protection officer: ${operator.officer}.`])],
      },
      {
        title: 'What is kept of you, and why',
        lines: [
          'An account is an email address, a name and a password (as a hash): needed for the contract with you (Article 6(1)(b) GDPR).',
          'Your videos, what is said in them and what was made of them: to make clips (Article 6(1)(b)).',
          'What happened in your account and workspace: to protect it and to be able to say what happened (Article 6(1)(f)).',
          ...(facts.sellsPlans
            ? ['Minutes used and bills: to account for them; the number of a card never reaches us (Article 6(1)(b) and (c)).']
            : []),
          `Every single column is listed in the data map: ${facts.baseUrl}/api/v1/data-map.json`,
        ],
      },
      {
        title: 'How long',
        lines: [
          ...planLines(facts, 'en'),
          'What was deleted is gone for every reader at once, and from every copy within 24 hours, with a signed receipt.',
        ],
      },
      { title: 'Who else gets something', lines: partyLines(facts, 'en') },
      {
        title: 'Where and how it is kept',
        lines: [
          facts.storage === 'disk'
            ? 'On the operator’s own disks, encrypted with AES-256.'
            : 'In the operator’s object storage, encrypted with AES-256.',
          facts.errorReports === null
            ? 'No error reports are sent anywhere.'
            : `Error reports without personal data are sent to ${facts.errorReports}: type of the fault and places in the program, nothing of you.`,
        ],
      },
      {
        title: 'Artificial intelligence',
        lines: [
          'Captions, translations, tags, highlights, scores, titles and the safety check are made by programs that can err; they are suggestions. Your content trains no model, ours or anybody’s.',
        ],
      },
      {
        title: 'Mail',
        lines: facts.isMailOn
          ? [...marketing('en'), 'Mails that an account needs (links you ask for, security, bills, deletions) are always sent.']
          : ['No mail is sent from here.'],
      },
      {
        title: 'Your rights',
        lines: [
          'You can see and take with you what is kept of you, correct it, have it deleted, restrict or object to its processing, and withdraw a consent at any time, for the future.',
          `Write to ${operator.email}, or do it yourself in your account: ${facts.baseUrl}/#/account`,
          `You can complain to a supervisory authority${operator.authority === null ? '' : `: ${operator.authority}`}.`,
        ],
      },
    ],
    de: [
      {
        title: 'Wer verantwortlich ist',
        lines: [`${contact}.`, ...(operator.officer === null ? [] : [`Datenschutzbeauftragte Stelle: ${operator.officer}.`])],
      },
      {
        title: 'Was von Ihnen gespeichert wird, und warum',
        lines: [
          'Ein Konto besteht aus E-Mail-Adresse, Namen und Passwort (als Hash): nötig für den Vertrag mit Ihnen (Art. 6 Abs. 1 lit. b DSGVO).',
          'Ihre Videos, was darin gesagt wird und was daraus entstand: um Clips zu machen (Art. 6 Abs. 1 lit. b).',
          'Was in Ihrem Konto und Arbeitsbereich geschah: um sie zu schützen und Auskunft geben zu können (Art. 6 Abs. 1 lit. f).',
          ...(facts.sellsPlans
            ? ['Verbrauchte Minuten und Rechnungen: um sie abzurechnen; Kartennummern erreichen uns nie (Art. 6 Abs. 1 lit. b und c).']
            : []),
          `Jede einzelne Spalte steht im Datenverzeichnis: ${facts.baseUrl}/api/v1/data-map.json`,
        ],
      },
      {
        title: 'Wie lange',
        lines: [
          ...planLines(facts, 'de'),
          'Was gelöscht wurde, ist sofort für alle weg und nach spätestens 24 Stunden aus jeder Kopie, mit unterschriebenem Beleg.',
        ],
      },
      { title: 'Wer sonst etwas bekommt', lines: partyLines(facts, 'de') },
      {
        title: 'Wo und wie es liegt',
        lines: [
          facts.storage === 'disk'
            ? 'Auf eigenen Festplatten des Betreibers, mit AES-256 verschlüsselt.'
            : 'Im Objektspeicher des Betreibers, mit AES-256 verschlüsselt.',
          facts.errorReports === null
            ? 'Fehlerberichte werden nirgendwohin geschickt.'
            : `Fehlerberichte ohne personenbezogene Daten gehen an ${facts.errorReports}: Art des Fehlers und Stellen im Programm, nichts von Ihnen.`,
        ],
      },
      {
        title: 'Künstliche Intelligenz',
        lines: [
          'Untertitel, Übersetzungen, Schlagworte, Höhepunkte, Bewertungen, Titel und die Sicherheitsprüfung machen Programme, die irren können; es sind Vorschläge. Ihre Inhalte trainieren kein Modell, weder unseres noch ein fremdes.',
        ],
      },
      {
        title: 'Mail',
        lines: facts.isMailOn
          ? [
              ...marketing('de'),
              'Mails, die ein Konto braucht (angeforderte Links, Sicherheit, Rechnungen, Löschungen), werden immer verschickt.',
            ]
          : ['Von hier wird keine Mail verschickt.'],
      },
      {
        title: 'Ihre Rechte',
        lines: [
          'Sie können sehen und mitnehmen, was von Ihnen gespeichert ist, es berichtigen und löschen lassen, die Verarbeitung einschränken oder ihr widersprechen und eine Einwilligung jederzeit für die Zukunft widerrufen.',
          `Schreiben Sie an ${operator.email}, oder tun Sie es selbst in Ihrem Konto: ${facts.baseUrl}/#/account`,
          `Sie können sich bei einer Aufsichtsbehörde beschweren${operator.authority === null ? '' : `: ${operator.authority}`}.`,
        ],
      },
    ],
  };
}

/** The annex to a contract on processing (GDPR, Article 28): what is processed for customers, by whom, and how it is protected. */
export function writeProcessingAnnex(facts: PolicyFacts): Policy {
  const contact = list([facts.operator.name, facts.operator.address, facts.operator.email]);
  return {
    en: [
      { title: 'Processor', lines: [`${contact}.`] },
      { title: 'Subject, nature and purpose', lines: ['Making short clips with captions from videos that the customer uploads.'] },
      {
        title: 'Data and people',
        lines: ['Pictures, voices and words of people in videos; names and email addresses of the customer’s members.'],
      },
      { title: 'Duration and deletion', lines: planLines(facts, 'en') },
      { title: 'Sub-processors', lines: [...partyLines(facts, 'en'), 'A new one is announced by mail 30 days before it is called.'] },
      {
        title: 'Technical and organisational measures',
        lines: [
          'AES-256 for stored content, with a key of its own for each object; TLS 1.3 in transit where the front of the installation ends it.',
          'Row-level security separates customers in the database; every call states who may make it.',
          'An append-only, hash-chained audit log; deletions are verified and receipted; every call of a third party is written in a ledger that the customer sees.',
        ],
      },
    ],
    de: [
      { title: 'Auftragsverarbeiter', lines: [`${contact}.`] },
      { title: 'Gegenstand, Art und Zweck', lines: ['Aus Videos, die der Kunde hochlädt, kurze Clips mit Untertiteln machen.'] },
      {
        title: 'Daten und betroffene Personen',
        lines: ['Bilder, Stimmen und Worte von Menschen in Videos; Namen und E-Mail-Adressen der Mitglieder des Kunden.'],
      },
      { title: 'Dauer und Löschung', lines: planLines(facts, 'de') },
      {
        title: 'Unterauftragsverarbeiter',
        lines: [...partyLines(facts, 'de'), 'Ein neuer wird 30 Tage, bevor er aufgerufen wird, per Mail angekündigt.'],
      },
      {
        title: 'Technische und organisatorische Maßnahmen',
        lines: [
          'AES-256 für gespeicherte Inhalte, mit eigenem Schlüssel für jedes Objekt; TLS 1.3 unterwegs, wo die Vorderseite der Installation es beendet.',
          'Zeilensicherheit trennt Kunden in der Datenbank; jeder Aufruf sagt, wer ihn machen darf.',
          'Ein nur ergänzbares, verkettetes Protokoll; Löschungen werden geprüft und belegt; jeder Aufruf eines Dritten steht in einem Verzeichnis, das der Kunde sieht.',
        ],
      },
    ],
  };
}

/** One line that came or went. */
export interface PolicyChange {
  kind: 'added' | 'removed';
  text: string;
}

/** What is different between two versions, line by line; a changed line is one that went and one that came. */
export function diffPolicies(before: readonly PolicySection[], after: readonly PolicySection[]): PolicyChange[] {
  const linesOf = (sections: readonly PolicySection[]) => sections.flatMap(({ title, lines }) => lines.map((line) => `${title}: ${line}`));
  const [old, fresh] = [linesOf(before), linesOf(after)];
  return [
    ...old.filter((line) => !fresh.includes(line)).map((text) => ({ kind: 'removed', text }) as const),
    ...fresh.filter((line) => !old.includes(line)).map((text) => ({ kind: 'added', text }) as const),
  ];
}
