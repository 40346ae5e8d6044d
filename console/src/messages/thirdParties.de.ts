/** Worte zu Dritten und dazu, was ihnen geschickt wurde. */
import { count } from './count.de.ts';
import type { thirdParties as english } from './thirdParties.en.ts';

export const thirdParties: typeof english = {
  nav: 'Dritte',
  title: 'Dritte',
  lead: 'Wer sonst etwas bekommt, was, und was wirklich geschickt wurde.',
  inUse: 'In Gebrauch',
  inUseText:
    'Sonst wird niemand aufgerufen. Alles geht auch ohne sie; ein Arbeitsbereich wählt seine Dienste unter „Dienste“, und seine Inhaber können dort Dritte ablehnen.',
  noneTitle: 'Niemand',
  noneText: 'Es ist kein Dritter eingeschaltet: Nichts verlässt diese Installation.',
  states: { on: 'In Gebrauch', announced: 'Angekündigt', off: 'Abgeschaltet', unused: 'Nicht benutzt' },
  since: (at) => `Seit ${at}.`,
  from: (at) => `Ab ${at}; die Kunden wurden per Mail informiert.`,
  given: 'Bekommt',
  region: 'Ort',
  transfer: 'Übermittlung',
  contract: 'Vertrag',
  switchOff: 'Abschalten',
  switchOn: 'Einschalten',
  begin: 'Jetzt beginnen',
  beginTitle: 'Vor dem angekündigten Tag beginnen?',
  beginText: (name) => `Den Kunden wurde gesagt, dass ${name} nicht früher aufgerufen wird. Das wird im Protokoll festgehalten.`,
  calls: 'Was für diesen Arbeitsbereich geschickt wurde',
  callsText:
    'Jede Minute, in der etwas geschickt wurde: an wen, wie viel, für welches Video, mit welchem Ausschluss. 35 Tage lang aufbewahrt.',
  callsEmptyTitle: 'Nichts wurde geschickt',
  callsEmptyText: 'Sobald für diesen Arbeitsbereich ein Dritter aufgerufen wird, steht es hier.',
  when: 'Wann',
  who: 'An wen',
  amount: 'Geschickt',
  what: 'Für',
  outcome: 'Ergebnis',
  optOut: 'Ausschluss',
  noOptOut: 'keiner nötig',
  times: (n) => count(n, 'Aufruf', 'Aufrufe'),
  video: 'ein Video',
  workspace: 'den Arbeitsbereich',
  all: 'Das öffentliche Verzeichnis',
  policy: 'Datenschutzerklärung',
  processing: 'Anlage zur Auftragsverarbeitung',
};
