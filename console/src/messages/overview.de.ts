/** German words about the state of the whole installation. */
import { count, number } from './count.de.ts';
import type { overview as english } from './overview.en.ts';

export const overview: typeof english = {
  nav: 'Übersicht',
  title: 'Übersicht',
  lead: 'Ist alles in Ordnung? Und wenn nicht, was ist zu tun.',
  again: 'Erneut ansehen',
  checkedAt: (when) => `Angesehen ${when}.`,
  allWell: 'Alles ist in Ordnung',
  allWellText: (n) => `${number.format(n)} Punkte wurden angesehen, und nichts braucht Sie.`,
  needsYou: (n) => `${count(n, 'Punkt braucht', 'Punkte brauchen')} Ihre Aufmerksamkeit`,
  states: { ok: 'In Ordnung', attention: 'Braucht Aufmerksamkeit', bad: 'Geht nicht', off: 'Nicht eingerichtet' },
  toDo: 'Was zu tun ist',
  checksTitle: 'Was angesehen wurde',
  open: 'Öffnen',
  figures: {
    queue: 'Wartende Aufgaben',
    queueNote: (running) => `${number.format(running)} in Arbeit`,
    agents: 'Agenten verbunden',
    agentsNote: (all) => `von ${number.format(all)} angemeldeten`,
    storage: 'Gespeicherte Inhalte',
    storageNote: (videos, workspaces) =>
      `${count(videos, 'Video', 'Videos')} in ${count(workspaces, 'Arbeitsbereich', 'Arbeitsbereichen')}`,
    database: 'Datenbank',
    databaseNote: (backup) => (backup === null ? 'noch keine Sicherung' : `Sicherung ${backup}`),
  },
  charts: {
    work: 'Aufgaben der letzten 48 Stunden',
    done: 'Erledigt',
    failed: 'Gescheitert',
    wait: 'Zeit von der Warteschlange zum Agenten',
    waitSeries: 'Mittlere Wartezeit',
    empty: 'In den letzten 48 Stunden endete keine Aufgabe.',
    summary: (done, failed) => `${number.format(done)} erledigt, ${number.format(failed)} gescheitert`,
    waitSummary: (time) => `im Mittel ${time}`,
  },
  checks: {
    agents: {
      title: 'Agenten',
      ok: (n) => `${n} verbunden.`,
      bad: () => 'In der letzten Minute hat sich kein Agent gemeldet: An keinem Video wird gearbeitet.',
      fix: 'Starten Sie einen Agenten, oder lesen Sie das Protokoll dessen, der sich nicht meldet.',
    },
    queue: {
      title: 'Wartende Arbeit',
      ok: (n) => `Die älteste Aufgabe wartet seit ${n}.`,
      bad: (n) => `Die älteste Aufgabe wartet seit ${n}.`,
      fix: 'Fügen Sie Agenten hinzu, oder sehen Sie nach, warum die vorhandenen keine Arbeit nehmen.',
    },
    worker: {
      title: 'Arbeit des Servers',
      ok: () => 'Alles wird rechtzeitig erledigt.',
      bad: (n) => `Eine Arbeit ist seit ${n} fällig: Kein Worker nimmt sie.`,
      fix: 'Starten Sie den Worker (carmic worker), oder lesen Sie sein Protokoll.',
    },
    encoders: {
      title: 'Encoder von Grafikkarten',
      ok: () => 'Keiner ist gestört.',
      bad: (n) => `${n} nicht nutzbar; der Prozessor übernimmt, langsamer.`,
      fix: 'Die Seite Agenten sagt zu jedem, was ihm fehlt.',
    },
    storage: {
      title: 'Speicher',
      ok: () => 'Er ist, wie er sein muss.',
      bad: (n) => `Gescheiterte Prüfungen: ${n}.`,
      fix: 'Die Seite Speicher zeigt den Befehl, der sie behebt.',
    },
    workspaces_full: {
      title: 'Platz in Arbeitsbereichen',
      ok: () => 'Kein Arbeitsbereich ist fast voll.',
      bad: (n) => `Arbeitsbereiche mit weniger als einem Zehntel Rest: ${n}.`,
      fix: 'Geben Sie ihnen einen größeren Tarif, oder bitten Sie sie, Unnötiges zu löschen.',
    },
    database: {
      title: 'Datenbank',
      ok: (n) => `Sie antwortet; ${n} ihrer Verbindungen sind in Gebrauch.`,
      bad: (n) => `${n} ihrer Verbindungen sind in Gebrauch.`,
      fix: 'Erhöhen Sie max_connections, oder setzen Sie PgBouncer davor.',
    },
    deletions: {
      title: 'Löschungen',
      ok: () => 'Keine ist verspätet.',
      bad: (n) => `Eine ist seit ${n} offen; jede muss innerhalb von 24 Stunden enden.`,
      fix: 'Die Seite Löschungen sagt, an welchem Schritt sie wartet.',
    },
    retention: {
      title: 'Abgelaufene Inhalte',
      ok: () => 'Sie werden rechtzeitig weggeräumt.',
      bad: (n) => `Sie warten seit ${n} auf das Wegräumen; gelesen werden können sie trotzdem nicht.`,
      fix: 'Sehen Sie nach, ob ein Worker läuft, und lesen Sie sein Protokoll.',
    },
    backup: {
      title: 'Sicherung',
      ok: (n) => `Die neueste ist ${n} alt.`,
      bad: (n) => (n === '' ? 'Diese Installation weiß von keiner Sicherung.' : `Die neueste ist ${n} alt.`),
      fix: 'Führen Sie jede Nacht „carmic backup“ aus.',
    },
    certificate: {
      title: 'Zertifikat',
      ok: (n) => `Es endet in ${n}.`,
      bad: (n) => (n === '' ? 'Der Server erreicht die Adresse dieser Installation nicht.' : `Es endet in ${n}.`),
      fix: 'Erneuern Sie es, oder sehen Sie im Protokoll des Frontends nach, warum das nicht von selbst geschieht.',
    },
    mail: {
      title: 'E-Mail',
      ok: () => 'Ein Mailserver ist gesetzt.',
      bad: () => 'Kein Mailserver ist gesetzt: Sie geben Links selbst weiter.',
      fix: 'Setzen Sie CARMIC_SMTP_URL, um Mails zu senden.',
    },
    api_keys: {
      title: 'API-Schlüssel',
      ok: () => 'Keiner endet innerhalb von zwei Wochen.',
      bad: (n) => `Schlüssel, die innerhalb von zwei Wochen enden: ${n}.`,
      fix: 'Ihre Inhaber können sie auf ihrer Kontoseite erneuern.',
    },
  },
};
