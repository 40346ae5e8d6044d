import { count } from './count.de.ts';
import type { EditingWords } from './editing.en.ts';

/** German words about cutting a clip by its words and on its time line. */
export const editing: EditingWords = {
  words: (n) => count(n, 'Wort', 'Wörter'),
  clip: 'Clip, der geschnitten wird',
  clipName: (rank, title) => `#${rank} ${title}`,
  byWords: 'Nach Wörtern schneiden',
  startHere: 'Clip hier beginnen',
  endHere: 'Clip hier enden lassen',
  remove: 'Aus dem Clip nehmen',
  add: 'In den Clip nehmen',
  clear: 'Auswahl aufheben',
  bar: 'Ausgewählte Wörter',
  inClip: (title) => `Markierte Wörter sind in „${title}“.`,
  help: 'Umschalt mit Pfeil links und rechts wählt Wörter aus, Eingabe führt zu dem, was mit ihnen getan werden kann; I und O lassen den gewählten Clip dort beginnen und enden, Entf nimmt sie heraus, Einfg nimmt sie hinein.',
  nothing: 'Es würde sich nichts ändern, oder von diesem Clip bliebe weniger als eine Sekunde.',
  conflict: 'Jemand anderes hat diesen Clip inzwischen geändert. Er wird gezeigt, wie er jetzt ist; Ihre Änderung wurde nicht gemacht.',
  repeat: 'Jetzt machen',
};
