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
  timeline: (rank) => `Schnitt von #${rank}`,
  close: 'Schnitt schließen',
  edge: (edge, n, of) => `${edge === 'start' ? 'Anfang' : 'Ende'} von Teil ${n} von ${of}`,
  edgeAt: (time, length) => `${time}, der Clip dauert ${length} s`,
  handles:
    'Pfeil links und rechts verschieben eine Kante um eine Zehntelsekunde, mit Umschalt um eine Sekunde. Eingabe behält sie, Escape nimmt sie zurück, Entf nimmt den Teil heraus.',
  handlesHint: 'Ziehen Sie an einer Kante; sie springt an Wörter in der Nähe, mit gehaltener Alt-Taste nicht.',
  length: (seconds) => `${seconds} s`,
  part: (n, of, start, end) => `Teil ${n} von ${of}: ${start} – ${end}`,
  takeOut: 'Herausnehmen',
  joinLabel: (n) => `Teile ${n} und ${n + 1} verbinden: was dazwischen liegt, bleibt`,
  playPart: 'Diesen Teil abspielen',
  selectKeys: 'Wörter auswählen, ab dem gesprochenen',
  undoKeys: 'Einen Schnitt des gewählten Clips rückgängig machen; mit Umschalt wiederholen',
  shift: 'Umschalt',
  zoomIn: 'Vergrößern',
  zoomOut: 'Verkleinern',
};
