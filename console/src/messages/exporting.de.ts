import { count } from './count.de.ts';
import type { exporting as english } from './exporting.en.ts';

/** German words about exporting several clips in several forms at once. */
export const exporting: typeof english = {
  open: 'Exportieren',
  title: 'Clips exportieren',
  text: 'Von jedem Clip wird jede Form gemacht, die Sie hier wählen. Was schon da ist, wird nicht noch einmal gemacht.',
  clips: 'Clips',
  aspects: 'Formate',
  styles: 'Untertitel',
  languages: 'Sprachen der Untertitel',
  asSpoken: 'Wie gesprochen',
  files: (n, ready) => `${count(n, 'Datei', 'Dateien')}, ${ready} fertig`,
  notMade: 'noch nicht gemacht',
  nothing: 'Wählen Sie mindestens einen Clip, ein Format und eine Art Untertitel.',
  tooMany: (most) => `Auf einmal lassen sich höchstens ${most} Dateien machen: Wählen Sie weniger.`,
  make: (n) => (n === 0 ? 'Nichts zu machen' : `${count(n, 'Datei', 'Dateien')} machen`),
  zip: {
    open: 'Alles als ZIP',
    title: 'Als eine ZIP-Datei herunterladen',
    text: 'Videos, Titelbilder, Untertitel, Transkripte und Schnittlisten von allem, was Sie wählen.',
    all: 'Alle',
    none: 'Noch ist kein Clip zum Herunterladen bereit.',
    notReady: 'nicht bereit',
    download: (n) => (n === 0 ? 'Videos wählen' : `${count(n, 'Video', 'Videos')} herunterladen`),
    tooMany: (most) => `In eine ZIP-Datei gehen höchstens ${most}: Wählen Sie weniger.`,
    started: (files, size, n) =>
      `${count(files, 'Datei', 'Dateien')}, ${size}.${n > 0 ? ` ${n} fehlen; manifest.json nennt den Grund.` : ''}`,
  },
};
