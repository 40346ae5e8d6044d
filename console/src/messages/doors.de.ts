/** German words about webhooks and the audit log. */
import { count, number } from './count.de.ts';
import { eventSubjects, events } from './events.de.ts';
import type { audit as englishAudit, serviceAccounts as englishAccounts, webhooks as englishWebhooks } from './doors.en.ts';

const when = (iso: string) =>
  Number.isNaN(Date.parse(iso))
    ? `„${iso}“`
    : `${new Intl.DateTimeFormat('de', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' }).format(new Date(iso))} UTC`;

export const webhooks: typeof englishWebhooks = {
  nav: 'Webhooks',
  title: 'Webhooks',
  lead: 'Adressen Ihrer eigenen Programme, denen mitgeteilt wird, was hier geschieht.',
  ownersOnly: 'Nur Inhaber dieses Arbeitsbereichs können seine Webhooks sehen.',
  add: 'Neuer Webhook',
  emptyTitle: 'Noch niemand wird benachrichtigt',
  emptyText: 'Nennen Sie die Adresse eines Programms, und es erhält einen signierten Aufruf für jedes gewählte Ereignis.',
  dialogTitle: 'Neuer Webhook',
  editTitle: 'Webhook ändern',
  url: 'Adresse',
  urlHint: 'Der Betreiber dieser Installation bestimmt, welche Rechner angerufen werden dürfen.',
  events: 'Ereignisse',
  create: 'Webhook anlegen',
  secret: 'Geheimnis',
  secretHint: 'Wird nur jetzt gezeigt. Ihr Programm prüft damit die Signatur jedes Aufrufs.',
  done: 'Fertig',
  listTitle: 'Wer davon erfährt',
  allEvents: 'Jedes Ereignis',
  chosenEvents: 'Ausgewählte',
  allHint: 'Alles, was in diesem Arbeitsbereich geschieht, auch das, wovon erst spätere Versionen berichten.',
  chosenOf: (n, all) => (n === 0 ? count(all, 'Ereignis', 'Ereignisse') : `${number.format(n)} von ${number.format(all)}`),
  chooseAll: 'Alle wählen',
  chooseNone: 'Keines wählen',
  testEvent: 'Ein Test',
  someEvents: (names, n) => (n > 3 ? `${names} und ${number.format(n - 3)} weitere` : names),
  on: 'An',
  off: 'Aus',
  failing: 'Scheitert',
  failingSince: (when) => `Nimmt seit ${when} nichts an.`,
  twoSecrets: 'Während des Wechsels gelten zwei Geheimnisse.',
  edit: 'Ändern',
  test: 'Probe senden',
  tested: 'Ein Probeereignis ist unterwegs.',
  rotate: 'Neues Geheimnis (das alte gilt noch einen Tag)',
  switchOn: 'Einschalten',
  switchOff: 'Ausschalten',
  remove: 'Entfernen',
  removeTitle: 'Diesen Webhook entfernen?',
  removeText: 'Sein Zustellprotokoll wird mit entfernt.',
  actions: (url) => `Aktionen für ${url}`,
  log: 'Zustellungen',
  showLog: (url) => `Zustellungen an ${url}`,
  noDeliveries: 'Noch nichts wurde gesendet.',
  states: { pending: 'Wartet', delivered: 'Zugestellt', failed: 'Gescheitert' },
  attempts: (n) => count(n, 'Versuch', 'Versuche'),
  answered: (status) => `Antwort ${status}`,
  nextAt: (when) => `wieder ${when}`,
  replay: 'Noch einmal senden',
  replayed: 'Es wird noch einmal gesendet, mit derselben Ereigniskennung.',
  conflict: 'Jemand anderes hat diesen Webhook inzwischen geändert. So ist er jetzt; nehmen Sie Ihre Änderung noch einmal vor.',
};

export const audit: typeof englishAudit = {
  nav: 'Prüfprotokoll',
  title: 'Prüfprotokoll',
  lead: 'Alles, was in dieser Installation geschah, in einer Kette, die zeigt, ob jemand sie geändert hat.',
  verify: 'Kette prüfen',
  intact: (entries, heads) =>
    `Unversehrt: ${count(entries, 'Eintrag', 'Einträge')} und ${count(heads, 'signierter Stand', 'signierte Stände')} wurden geprüft.`,
  broken: 'Das Protokoll wurde verändert.',
  problems: {
    head_signature: (at = '') => `Die Signatur des Standes vom ${when(at)} passt nicht.`,
    cut: (signed = '', kept = '') =>
      `Die Kette wurde gekürzt: Ein signierter Stand zählt ${count(Number(signed), 'Eintrag', 'Einträge')}, die Datenbank hat ${number.format(Number(kept))}.`,
    no_head: () => 'Es gibt keinen signierten Stand: Die Datei mit ihnen fehlt oder wurde nie geschrieben.',
    missing_entries: (first = '', last = '') =>
      first === last ? `Der Kette fehlt der Eintrag ${first}.` : `Der Kette fehlen die Einträge ${first} bis ${last}.`,
    event_removed: (entry = '') => `Das Ereignis des Eintrags ${entry} wurde entfernt.`,
    entry_altered: (entry = '') => `Der Eintrag ${entry} passt nicht zu seinem Ereignis oder zu dem Eintrag davor.`,
    rebuilt: (entry = '') => `Der Eintrag ${entry} ist nicht der, dessen Stand signiert wurde: Die Kette wurde neu gebaut.`,
    inserted: (n = '') => `${count(Number(n), 'Ereignis wurde', 'Ereignisse wurden')} hinter dem Ende der Kette eingefügt.`,
  },
  area: 'Worum es geht',
  everyArea: 'Alles',
  filter: 'Art des Ereignisses',
  events,
  subjects: eventSubjects,
  all: 'Alle Arten',
  saveJson: 'Als JSON-Zeilen speichern',
  saveCef: 'Als CEF speichern',
  emptyTitle: 'Nichts dieser Art',
  emptyText: 'Ein Ereignis dieser Art gab es noch nicht.',
  // Hinter „von“.
  erased: 'einer gelöschten Person',
  system: 'der Installation selbst',
  by: (name) => `von ${name}`,
  entry: (sequence) => `Nr. ${number.format(sequence)}`,
  workspace: (id) => `Arbeitsbereich ${id}`,
  subject: (id) => `Betrifft ${id}`,
  hash: (hash) => `Prüfsumme ${hash}`,
  entries: 'Einträge',
  older: 'Ältere Einträge',
};

export const serviceAccounts: typeof englishAccounts = {
  add: 'Neues Dienstkonto',
  title: 'Neues Dienstkonto',
  text: 'Ein Konto für ein Programm: Es hat API-Schlüssel, die Sie auf Ihrer Kontoseite anlegen, und kann sich nicht anmelden.',
  name: 'Name',
  role: 'Rolle',
  create: 'Konto anlegen',
  made: (name) => `${name} wurde angelegt. Erstellen Sie auf Ihrer Kontoseite einen Schlüssel dafür.`,
  keyFor: 'Handelt als',
  myself: 'Sie',
};
