import type { labels as english } from './labels.en.ts';

/** German words about folders, tags and the filter of the library. */
export const labels: typeof english = {
  edit: 'Ordner und Schlagwörter',
  title: 'Ordner und Schlagwörter',
  folder: 'Ordner',
  folderHint: 'Ein neuer Name macht einen neuen Ordner; leer lassen für keinen.',
  tag: 'Schlagwort',
  tags: 'Schlagwörter',
  add: 'Hinzufügen',
  removeTag: (name) => `Das Schlagwort ${name} entfernen`,
  filter: 'Welche Videos',
  state: 'Zustand',
  anyState: 'Alle Zustände',
  states: { working: 'In Arbeit', ready: 'Fertig', failed: 'Fehlgeschlagen oder angehalten' },
  anyFolder: 'Alle Ordner',
  anyTag: 'Alle Schlagwörter',
  all: 'Alle zeigen',
  noneTitle: 'So ist kein Video',
  noneText: 'Wählen Sie einen anderen Ordner, ein anderes Schlagwort oder einen anderen Zustand.',
};
