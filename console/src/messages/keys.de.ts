import type { keys as english } from './keys.en.ts';

/** German words about what the keyboard does. */
export const keys: typeof english = {
  palette: 'Gehen oder tun',
  paletteHint: 'Eine Seite, ein Video oder eine Handlung',
  nothing: 'So heißt hier nichts.',
  searchWords: (question) => `„${question}“ in allem Gesagten suchen`,
  title: 'Tasten',
  close: 'Schließen, was offen ist',
  control: 'Strg',
  space: 'Leertaste',
  everywhere: 'Überall',
  onVideo: 'Auf der Seite eines Videos',
  inPlayer: 'In seiner Vorschau',
  inFraming: 'Beim Ausschnitt',
  playPause: 'Abspielen und anhalten',
  jump: 'Zehn Sekunden zurück und vor',
  step: 'Eine Sekunde zurück und vor',
  clips: 'Der Clip davor und der nächste',
  cut: 'Den gewählten Clip hier beginnen oder enden lassen',
  mute: 'Ton aus und an',
  fullscreen: 'Vollbild',
  moveCrop: 'Den Ausschnitt bewegen; mit der Umschalttaste weiter',
  chooseClip: 'Wählen Sie zuerst einen Clip: mit den Pfeiltasten oder mit einem Klick.',
  tooShort: 'Von diesem Clip bliebe weniger als eine Sekunde.',
  cutDone: (title, length) => `„${title}“ dauert jetzt ${length}.`,
};
