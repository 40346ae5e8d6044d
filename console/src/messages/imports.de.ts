import { count } from './count.de.ts';
import type { imports as english } from './imports.en.ts';

/** German words about videos from an address, what a video would cost, and files that are here already. */
export const imports: typeof english = {
  button: 'Von einer Adresse',
  title: 'Video von einer Adresse',
  text: 'Der Server holt die Datei selbst; Sie können diese Seite inzwischen schließen.',
  url: 'Adresse der Videodatei',
  urlHint: 'Die Datei selbst, etwa https://example.org/vortrag.mp4. Eine Seite, die ein Video zeigt, geht nicht.',
  urlWrong: 'Geben Sie eine Adresse ein, die mit https:// oder http:// beginnt.',
  start: 'Holen',
  started: (title) => `„${title}“ wird geholt.`,
  fetching: 'Wird geholt',

  estimate: {
    label: 'Was das kostet',
    asking: 'Die Kosten werden berechnet …',
    failed: (reason) => `Die Kosten konnten nicht berechnet werden: ${reason}`,
    minutes: (n) => count(n, 'Verarbeitungsminute', 'Verarbeitungsminuten'),
    minutesOf: (n, left) => `${count(n, 'Verarbeitungsminute', 'Verarbeitungsminuten')} von ${left}, die in diesem Monat übrig sind`,
    minutesUnknown: 'Die Verarbeitungsminuten stehen fest, sobald das Video angesehen wurde',
    storage: (size) => `${size} Speicher`,
    storageOf: (size, free) => `${size} Speicher, ${free} sind frei`,
    time: (span) => `fertig etwa ${span} nach dem Hochladen`,
    tooFewMinutes: 'Die Verarbeitungsminuten dieses Monats reichen nicht: Was darüber hinausgeht, hält nach dem Hochladen an.',
    tooLittleStorage:
      'Der freie Speicher reicht nicht für alles: Löschen Sie Videos, die Sie nicht mehr brauchen, oder wählen Sie weniger.',
  },

  duplicate: {
    text: 'Das ist Byte für Byte dieselbe Datei wie ein älteres Video hier.',
    open: 'Das andere öffnen',
    remove: 'Diese Kopie löschen',
  },
};
