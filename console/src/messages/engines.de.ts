/** What the server says of engines, in German. Names and hosts are taken over. */
const texts: Readonly<Record<string, string>> = {
  'Language model': 'Sprachmodell',
  'Speech model on an agent': 'Spracherkennung auf einem Agenten',
  'Built-in rules': 'Eingebaute Regeln',
  'Built-in classifier': 'Eingebaute Erkennung',
  'Moderation endpoint': 'Moderationsdienst',
  'Runs on your machines; nothing leaves them.': 'Läuft auf Ihren Maschinen; nichts verlässt sie.',
  'No agent has a whisper model. Put one into its models folder.':
    'Kein Agent hat ein Whisper-Modell. Legen Sie eines in seinen Ordner für Modelle.',
  'Titles and order come from the clip’s own words; nothing leaves your machines.':
    'Titel und Reihenfolge kommen aus den Wörtern des Clips; nichts verlässt Ihre Maschinen.',
  'Reads English; nothing leaves your machines. Pictures are judged by the agents in any case.':
    'Liest Englisch; nichts verlässt Ihre Maschinen. Bilder beurteilen in jedem Fall die Agenten.',
  'The owners of this workspace do not allow it: nothing is sent there.':
    'Die Inhaber dieses Arbeitsbereichs erlauben es nicht: Dorthin wird nichts gesendet.',
};

const forms: readonly [RegExp, string][] = [
  [/^Set (.+) or (\S+) to use it\.$/, 'Setzen Sie $1 oder $2, um es zu verwenden.'],
  [/^Set (.+) and (\S+) to use one\.$/, 'Setzen Sie $1 und $2, um eines zu verwenden.'],
  [/^Set (\S+) to use a server of yours\.$/, 'Setzen Sie $1, um einen eigenen Server zu verwenden.'],
  [/^Set (\S+) to use one that .+$/, 'Setzen Sie $1, um einen zu verwenden, der das Protokoll der Moderation von OpenAI spricht.'],
  [/^(.+) at (\S+); what is said is sent there\.$/, '$1 bei $2; was gesagt wird, geht dorthin.'],
  [
    /^The sound is sent to (\S+); model improvement is opted out of on every request\.$/,
    'Der Ton geht an $1; der Verwendung zur Verbesserung von Modellen wird bei jeder Anfrage widersprochen.',
  ],
  [/^Sentences are sent to (\S+)\.$/, 'Sätze gehen an $1.'],
  [/^What is said is sent to (\S+) in passages\.$/, 'Was gesagt wird, geht in Abschnitten an $1.'],
];

/** The label or the explanation of an engine. What is new to this page is shown as the server says it. */
export function engineText(text: string): string {
  const form = forms.find(([pattern]) => pattern.test(text));
  return texts[text] ?? (form ? text.replace(form[0], form[1]) : text);
}
