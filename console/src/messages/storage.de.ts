/** German words about the place where objects are kept. */
import { number } from './count.de.ts';
import type { storage as english } from './storage.en.ts';

const checkNames: Readonly<Record<string, string>> = {
  private_directory: 'Für andere Benutzer verschlossen',
  free_space: 'Freier Platz',
  root_key: 'Schlüssel',
  round_trip: 'Schreiben, Lesen, Entfernen',
  reachable: 'Erreichbar',
  clock_skew: 'Uhr',
  object_lock: 'Objektsperre',
  versioning: 'Versionen',
  lifecycle: 'Lebenszyklusregeln',
  cors: 'Zugriff aus Browsern',
  encryption_at_rest: 'Verschlüsselung beim Speichern',
  public_access: 'Für Fremde verschlossen',
  checksums: 'Prüfsummen der Teile',
  no_replacement: 'Verspätetes Schreiben',
};

export const storage: typeof english = {
  storage: {
    nav: 'Speicher',
    title: 'Speicher',
    lead: 'Wo Dateien liegen, und ob dieser Ort ist, wie er sein muss.',
    again: 'Erneut prüfen',
    places: { disk: 'Auf der Festplatte dieses Servers, verschlüsselt', s3: 'In einem Bucket eines S3-Servers' },
    checkedAt: (time) => `Neu angesehen ${time}.`,
    allGood: (n) => `Alle ${number.format(n)} Prüfungen bestanden.`,
    someBad: (bad, all) => `${number.format(bad)} von ${number.format(all)} Prüfungen brauchen Ihre Aufmerksamkeit.`,
    stopsStart: 'So würde der Server nicht noch einmal starten.',
    listTitle: 'Prüfungen',
    name: (name) => {
      const own = name.replace(/^former_/, '');
      const words = checkNames[own] ?? own.replaceAll('_', ' ');
      return own === name ? words : `${words} (früherer Speicher)`;
    },
    states: { passed: 'In Ordnung', attention: 'Braucht Aufmerksamkeit', fatal: 'Verhindert den nächsten Start' },
    command: 'Befehl, der es behebt',
  },
};
