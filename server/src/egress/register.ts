/**
 * The register of third parties. Keeps: T1, T2. The way out opens for nobody who is not in it, and `thirdPartyHosts.test.ts` fails for an address in
 * the code that belongs to none of them. What it says is shown to everybody (docs: the public page /privacy/third-parties).
 */
export interface RegisterEntry {
  /** As the way out names it. */
  party: string;
  name: string;
  purpose: { en: string; de: string };
  data: { en: string; de: string };
  /** Where the data is, unless the operator chose another address. */
  region: string;
  /** What allows the transfer, where it leaves the EU. */
  transfer: string;
  contractUrl: string | null;
  /** Its public hosts; none when the operator runs it. */
  hosts: readonly string[];
  /** Whether it is given what customers upload or who they are, so that a change is announced and workspaces may refuse it. */
  isSubProcessor: boolean;
  /** Whether a workspace may refuse it for itself: everything has an engine of our own in its place. */
  canWorkspaceRefuse: boolean;
  /** The opt-out from the use for its own ends that a call carries, read off the call itself. */
  optOut?: (url: URL) => string | null;
}

const ownNetwork = 'Where the operator runs it';
const none = 'No transfer by itself: the operator chooses the address';
const clauses = 'Standard contractual clauses (2021/914), EU-US Data Privacy Framework';

const cdn = (
  party: 'cloudflare' | 'fastly' | 'bunny',
  name: string,
  hosts: readonly string[],
  contractUrl: string,
  region: string,
  transfer: string,
): RegisterEntry[] => [
  {
    party,
    name,
    purpose: { en: 'Removing deleted files from the content network', de: 'Gelöschte Dateien aus dem Verteilnetz entfernen' },
    data: { en: 'Addresses of files, as random keys', de: 'Adressen von Dateien, als zufällige Schlüssel' },
    region,
    transfer,
    contractUrl,
    hosts,
    isSubProcessor: true,
    canWorkspaceRefuse: false,
  },
  {
    party: `${party} nodes`,
    name: `${name}: delivery`,
    purpose: { en: 'Asking whether a deleted file is really gone', de: 'Nachfragen, ob eine gelöschte Datei wirklich weg ist' },
    data: { en: 'Addresses of files, as random keys', de: 'Adressen von Dateien, als zufällige Schlüssel' },
    region,
    transfer,
    contractUrl,
    hosts: [],
    isSubProcessor: true,
    canWorkspaceRefuse: false,
  },
];

/** Everybody who can be called at all. Whoever is switched on is named by the environment. */
export const register: readonly RegisterEntry[] = [
  {
    party: 'deepgram',
    name: 'Deepgram, Inc.',
    purpose: { en: 'Turning speech into text', de: 'Sprache in Text umwandeln' },
    data: { en: 'The sound of a video, and words of the glossary', de: 'Der Ton eines Videos und Wörter aus dem Glossar' },
    region: 'USA; EU with CARMIC_DEEPGRAM_URL=https://api.eu.deepgram.com',
    transfer: clauses,
    contractUrl: 'https://deepgram.com/data-processing-agreement',
    hosts: ['api.deepgram.com', 'api.eu.deepgram.com'],
    isSubProcessor: true,
    canWorkspaceRefuse: true,
    optOut: (url) => (url.searchParams.get('mip_opt_out') === 'true' ? 'mip_opt_out=true' : null),
  },
  {
    party: 'language-model',
    name: 'Language model of the operator',
    purpose: { en: 'Titles, order of clips, translations', de: 'Titel, Reihenfolge von Clips, Übersetzungen' },
    data: { en: 'What is said in suggested clips', de: 'Was in vorgeschlagenen Clips gesagt wird' },
    region: ownNetwork,
    transfer: none,
    contractUrl: null,
    hosts: [],
    isSubProcessor: true,
    canWorkspaceRefuse: true,
  },
  {
    party: 'libretranslate',
    name: 'LibreTranslate of the operator',
    purpose: { en: 'Translating captions', de: 'Untertitel übersetzen' },
    data: { en: 'The words of captions', de: 'Die Wörter der Untertitel' },
    region: ownNetwork,
    transfer: none,
    contractUrl: null,
    hosts: [],
    isSubProcessor: true,
    canWorkspaceRefuse: true,
  },
  {
    party: 'moderation',
    name: 'Text classifier of the operator',
    purpose: { en: 'Finding passages that may break the rules', de: 'Stellen finden, die gegen die Regeln verstoßen könnten' },
    data: { en: 'What is said in a video', de: 'Was in einem Video gesagt wird' },
    region: ownNetwork,
    transfer: none,
    contractUrl: null,
    hosts: [],
    isSubProcessor: true,
    canWorkspaceRefuse: true,
  },
  {
    party: 'stripe',
    name: 'Stripe Payments Europe, Ltd.',
    purpose: { en: 'Payments and invoices', de: 'Zahlungen und Rechnungen' },
    data: {
      en: 'Email address, name and workspace of whoever pays; minutes used. Cards are entered on Stripe’s pages',
      de: 'E-Mail-Adresse, Name und Arbeitsbereich der zahlenden Person; verbrauchte Minuten. Karten werden auf Seiten von Stripe eingegeben',
    },
    region: 'EU (Ireland) and USA',
    transfer: clauses,
    contractUrl: 'https://stripe.com/legal/dpa',
    hosts: ['api.stripe.com', 'checkout.stripe.com', 'billing.stripe.com'],
    isSubProcessor: true,
    canWorkspaceRefuse: false,
  },
  ...cdn(
    'cloudflare',
    'Cloudflare, Inc.',
    ['api.cloudflare.com'],
    'https://www.cloudflare.com/cloudflare-customer-dpa/',
    'World-wide, files encrypted',
    clauses,
  ),
  ...cdn('fastly', 'Fastly, Inc.', ['api.fastly.com'], 'https://www.fastly.com/data-processing', 'World-wide', clauses),
  ...cdn(
    'bunny',
    'BunnyWay d.o.o.',
    ['api.bunny.net'],
    'https://bunny.net/dpa',
    'EU (Slovenia), world-wide delivery',
    'No transfer by itself',
  ),
  {
    party: 'hetzner',
    name: 'Hetzner Online GmbH',
    purpose: { en: 'Machines for agents, rented while work waits', de: 'Maschinen für Agenten, gemietet, solange Arbeit wartet' },
    data: {
      en: 'Names and sizes of machines; agents on them work on videos',
      de: 'Namen und Größen von Maschinen; Agenten darauf bearbeiten Videos',
    },
    region: 'EU (Germany, Finland)',
    transfer: 'No transfer',
    contractUrl: 'https://www.hetzner.com/legal/terms-and-conditions/',
    hosts: ['api.hetzner.cloud'],
    isSubProcessor: true,
    canWorkspaceRefuse: false,
  },
  {
    party: 'sentry',
    name: 'Functional Software, Inc. (Sentry)',
    purpose: { en: 'Reports of faults of the program', de: 'Berichte über Fehler des Programms' },
    data: {
      en: 'Kind of the fault and places in the program; nothing of anybody',
      de: 'Art des Fehlers und Stellen im Programm; nichts von irgendjemandem',
    },
    region: 'EU (Germany); addresses outside of it are refused',
    transfer: clauses,
    contractUrl: 'https://sentry.io/legal/dpa/',
    hosts: ['ingest.de.sentry.io'],
    isSubProcessor: true,
    canWorkspaceRefuse: false,
  },
  {
    party: 'vault',
    name: 'Vault of the operator',
    purpose: { en: 'Keeping the root key', de: 'Den Hauptschlüssel verwahren' },
    data: { en: 'Wrapped keys, no content', de: 'Verpackte Schlüssel, keine Inhalte' },
    region: ownNetwork,
    transfer: none,
    contractUrl: null,
    hosts: [],
    isSubProcessor: false,
    canWorkspaceRefuse: false,
  },
];

/** The entry of a party; null for one that is not in the register. */
export const entryOf = (party: string): RegisterEntry | null => register.find((entry) => entry.party === party) ?? null;
