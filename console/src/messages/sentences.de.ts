/**
 * Sentences in which the server tells of something that has no code of its own, in German: those that are always alike, and those that carry
 * a number, a date or a reason. What is new to this page, or what another program said, is shown as it came.
 */
import { germanParties } from '@carmic/contract';
import { choiceText } from './choices.de.ts';
import { safety as safetyWords } from './safety.de.ts';
import { system } from './system.de.ts';
import { type Forms, told } from './told.ts';

const same: Readonly<Record<string, string>> = {
  'The storage of this workspace is full: new uploads are refused, and nothing is deleted.':
    'Der Speicher dieses Arbeitsbereichs ist voll: Neue Uploads werden abgelehnt, und nichts wird gelöscht.',
  'Over nine tenths of the storage of this workspace are used.': 'Mehr als neun Zehntel des Speichers dieses Arbeitsbereichs sind belegt.',
  'It did not take a single call for three days.': 'Drei Tage lang wurde kein einziger Aufruf angenommen.',
  'If that can be done, a link is on its way to this address. Look for it within a few minutes.':
    'Wenn das möglich ist, ist ein Link an diese Adresse unterwegs. Sehen Sie in den nächsten Minuten nach.',
  'This video has no sound.': 'Dieses Video hat keinen Ton.',
  'The video has no sound, so there is nothing to transcribe.': 'Das Video hat keinen Ton, also gibt es nichts zu erkennen.',
  'Deepgram hears the speech, because a key is set.': 'Deepgram erkennt die Sprache, weil ein Schlüssel gesetzt ist.',
  'A speech model on an agent hears the speech; nothing leaves your machines.':
    'Ein Sprachmodell auf einem Agenten erkennt die Sprache; nichts verlässt Ihre Maschinen.',
  'Speech recognition is switched off, so clips are chosen from sound and picture and carry no captions. Switch an engine on, or supply a caption file with the video.':
    'Die Spracherkennung ist abgeschaltet: Clips werden nach Ton und Bild gewählt und tragen keine Untertitel. Schalten Sie einen Dienst ein, oder geben Sie dem Video eine Untertiteldatei mit.',
  'No speech engine is set up, so clips are chosen from sound and picture and carry no captions. Put a whisper model into the agent’s models folder, set a Deepgram key, or supply an SRT or VTT file with the video.':
    'Es ist keine Spracherkennung eingerichtet: Clips werden nach Ton und Bild gewählt und tragen keine Untertitel. Legen Sie ein Whisper-Modell in den Ordner für Modelle des Agenten, setzen Sie einen Schlüssel von Deepgram, oder geben Sie dem Video eine SRT- oder VTT-Datei mit.',
  'Nothing was found that the rules speak of.': 'Es wurde nichts gefunden, wovon die Regeln sprechen.',
  'It encoded two frames.': 'Er hat zwei Bilder kodiert.',
  'Install the package bubblewrap and restart the agent.': 'Installieren Sie das Paket bubblewrap, und starten Sie den Agenten neu.',
  'Update bubblewrap and restart the agent.': 'Aktualisieren Sie bubblewrap, und starten Sie den Agenten neu.',
  'Allow unprivileged user name spaces on this host (sysctl kernel.unprivileged_userns_clone=1, or the AppArmor profile of bwrap), in a container also a seccomp profile that allows them, and restart the agent.':
    'Erlauben Sie auf diesem Rechner Namensräume ohne besondere Rechte (sysctl kernel.unprivileged_userns_clone=1 oder das AppArmor-Profil von bwrap), im Container auch ein seccomp-Profil, das sie zulässt, und starten Sie den Agenten neu.',
  'Bubblewrap: ffmpeg sees the system read-only and one scratch folder, has no network but the source it was given, and dies with the agent.':
    'Bubblewrap: ffmpeg sieht das System nur lesend und einen Arbeitsordner, hat kein Netz außer der Quelle, die es bekam, und endet mit dem Agenten.',
  'This system has no name spaces.': 'Dieses System hat keine Namensräume.',
  'Run the agent on Linux.': 'Lassen Sie den Agenten auf Linux laufen.',
  'Bubblewrap is not installed.': 'Bubblewrap ist nicht installiert.',
  'No translation engine is switched on. Set one up, and choose it under Engines.':
    'Es ist kein Dienst für Übersetzungen eingeschaltet. Richten Sie einen ein, und wählen Sie ihn unter Dienste.',
  'LibreTranslate’s answer was cut off or lacks sentences. It will be asked again.':
    'Die Antwort von LibreTranslate ist abgeschnitten, oder es fehlen Sätze. Es wird noch einmal gefragt.',
  'LibreTranslate did not answer in time. It will be asked again.':
    'LibreTranslate hat nicht rechtzeitig geantwortet. Es wird noch einmal gefragt.',
  'LibreTranslate could not be reached. Check its address.': 'LibreTranslate war nicht zu erreichen. Prüfen Sie die Adresse.',
  'Nothing was translated here.': 'Hier wurde nichts übersetzt.',
  'There is text here, and nothing is said.': 'Hier steht Text, und gesagt wird nichts.',
  'This is still in the language of the source.': 'Das steht noch in der Sprache des Videos da.',
  'The source says “not”, the translation does not.': 'Gesagt wird „nicht“, in der Übersetzung fehlt es.',
  'The translation says “not”, the source does not.': 'In der Übersetzung steht „nicht“, gesagt wird es nicht.',
  'The translation is much shorter than the source.': 'Die Übersetzung ist viel kürzer als das Gesagte.',
  'The translation is much longer than the source.': 'Die Übersetzung ist viel länger als das Gesagte.',
  'Switched off by the directory.': 'Vom Verzeichnis abgeschaltet.',
  'Bubblewrap may not make name spaces here.': 'Bubblewrap darf hier keine Namensräume anlegen.',
  'The language model answered without JSON.': 'Die Antwort des Sprachmodells enthält kein JSON.',
  'The language model’s answer was cut off or is no JSON.': 'Die Antwort des Sprachmodells ist abgeschnitten oder kein JSON.',
  'The language model’s answer was cut off or has another form.':
    'Die Antwort des Sprachmodells ist abgeschnitten oder hat eine andere Form.',
  'The language model’s answer has another form than was asked for.': 'Die Antwort des Sprachmodells hat eine andere Form als verlangt.',
  'The language model could not be reached. Check its address.': 'Das Sprachmodell war nicht zu erreichen. Prüfen Sie seine Adresse.',
  'The moderation endpoint could not be reached, or was too slow.': 'Der Moderationsdienst war nicht zu erreichen, oder er war zu langsam.',
  'The moderation endpoint answered something else than one result per passage.':
    'Der Moderationsdienst hat nicht mit einem Ergebnis je Abschnitt geantwortet.',
  'Deepgram did not answer in time. It will be asked again.': 'Deepgram hat nicht rechtzeitig geantwortet. Es wird noch einmal gefragt.',
  'Deepgram’s answer was cut off. It will be asked again.': 'Die Antwort von Deepgram ist abgeschnitten. Es wird noch einmal gefragt.',
  'Deepgram’s answer was cut off or has no words in it. It will be asked again.':
    'Die Antwort von Deepgram ist abgeschnitten oder enthält keine Wörter. Es wird noch einmal gefragt.',
  'Deepgram could not be reached. Check the network and its address.':
    'Deepgram war nicht zu erreichen. Prüfen Sie das Netz und seine Adresse.',
  'Part of this installation: it needs no call.': 'Teil dieser Installation: Ein Aufruf ist nicht nötig.',
  'No agent with a speech model has called in lately.': 'In letzter Zeit hat sich kein Agent mit einem Sprachmodell gemeldet.',
  'An agent with a speech model called in lately and takes work.':
    'Ein Agent mit einem Sprachmodell hat sich gemeldet und nimmt Arbeit an.',
  'An agent may still write for a few minutes; then everything is deleted and looked for once more.':
    'Ein Agent schreibt womöglich noch ein paar Minuten lang; dann wird alles gelöscht und noch einmal nachgesehen.',
  'This step failed inside the server; the log says why.': 'Dieser Schritt ist im Server gescheitert; sein Protokoll sagt, warum.',
  'The content network still served a file after the purge: it is purged once more.':
    'Das Inhaltsnetz lieferte eine Datei noch nach dem Entfernen: Sie wird noch einmal entfernt.',
  'The network could not be asked.': 'Das Inhaltsnetz ließ sich nicht fragen.',
  'The network’s API could not be reached.': 'Die Schnittstelle des Inhaltsnetzes war nicht zu erreichen.',
  'The storage is full.': 'Der Speicher ist voll.',
  'The storage cannot be used right now.': 'Der Speicher ist im Augenblick nicht zu benutzen.',
  'It answered, and found nothing in an insult.': 'Er hat geantwortet und an einer Beleidigung nichts gefunden.',
};

/** What an engine does, before the reason it gives in words of its own. */
const engineFaults: readonly [RegExp, (...parts: string[]) => string][] = [
  [/^LibreTranslate does not know this language$/, () => 'LibreTranslate kennt diese Sprache nicht'],
  [/^LibreTranslate takes no more requests for the moment$/, () => 'LibreTranslate nimmt im Augenblick keine Anfragen mehr an'],
  [/^LibreTranslate is not available \(status (\d+)\)$/, (status) => `LibreTranslate ist nicht verfügbar (Status ${status})`],
  [/^LibreTranslate refused the request \(status (\d+)\)$/, (status) => `LibreTranslate hat die Anfrage abgelehnt (Status ${status})`],
  [/^The language model’s account is out of credit$/, () => 'Das Guthaben beim Anbieter des Sprachmodells ist aufgebraucht'],
  [/^The language model takes no more questions for the moment$/, () => 'Das Sprachmodell nimmt im Augenblick keine Fragen mehr an'],
  [/^The language model is not available \(status (\d+)\)$/, (status) => `Das Sprachmodell ist nicht verfügbar (Status ${status})`],
  [/^The language model refused the question \(status (\d+)\)$/, (status) => `Das Sprachmodell hat die Frage abgelehnt (Status ${status})`],
  [
    /^Deepgram does not accept the key\. Check it and its permissions$/,
    () => 'Deepgram nimmt den Schlüssel nicht an. Prüfen Sie ihn und seine Rechte',
  ],
  [
    /^The Deepgram account is out of credit\. Add credit and try again$/,
    () => 'Das Guthaben bei Deepgram ist aufgebraucht. Laden Sie es auf, und versuchen Sie es noch einmal',
  ],
  [/^Deepgram takes no more requests for the moment$/, () => 'Deepgram nimmt im Augenblick keine Anfragen mehr an'],
  [/^Deepgram took too long$/, () => 'Deepgram brauchte zu lange'],
  [/^Deepgram is not available \(status (\d+)\)$/, (status) => `Deepgram ist nicht verfügbar (Status ${status})`],
  [/^Deepgram refused the request \(status (\d+)\)$/, (status) => `Deepgram hat die Anfrage abgelehnt (Status ${status})`],
];

const jobs: Readonly<Record<string, string | undefined>> = system.jobs.names;

/** What the safety check found, by the words of the server. */
const categories: Readonly<Record<string, string>> = {
  'self-harm': 'Selbstverletzung',
  hate: 'Hass',
  'sexual content': 'Sexuelles',
  'dangerous acts': 'gefährliche Handlungen',
  violence: 'Gewalt',
  profanity: 'Schimpfwörter',
  harassment: 'Belästigung',
  'nudity or sex in the picture': 'Nacktheit oder Sex im Bild',
};

const safetyCategories: Readonly<Record<string, string>> = safetyWords.categories;

const outcomes: Readonly<Record<string, string>> = {
  Noted: 'Vermerkt',
  'Held for a review by a person': 'Zur Prüfung durch einen Menschen angehalten',
  Refused: 'Abgelehnt',
};

const day = (iso: string) => new Intl.DateTimeFormat('de', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(iso));

const germanQuotes = (text: string) => text.replace(/“([^”]*)”/g, '„$1“');

/** Why the server gave up: `the job privacy.archive failed 4 times`. */
function jobFailure(why: string): string {
  const [, name = '', times = ''] = /^the job (\S+) failed (\d+) times$/.exec(why) ?? [];
  return name === '' ? `„${why}“` : `Die Aufgabe „${jobs[name] ?? name}“ ist ${times}-mal gescheitert`;
}

const forms: Forms = [
  [
    /^The plan has changed: earlier videos that are over its (\d+) days stay until (\S+) at the longest\.$/,
    (days = '', until = '') =>
      `Der Tarif hat sich geändert: Frühere Videos, die älter als seine ${days} Tage sind, bleiben längstens bis ${day(until)}.`,
  ],
  [
    /^(\d+) of (\d+) clips could not be rendered; open them to see why and try again\.$/,
    (failed = '', all = '') =>
      `${failed} von ${all} Clips ließen sich nicht rendern; öffnen Sie sie, um zu sehen, warum, und versuchen Sie es noch einmal.`,
  ],
  [
    /^(Deepgram|The speech model on an agent) could not be used, so another engine heard the speech\. (.+)$/s,
    (engine = '', why = '') =>
      `${engine === 'Deepgram' ? 'Deepgram' : 'Das Sprachmodell auf einem Agenten'} ließ sich nicht benutzen, ein anderer Dienst hat die Sprache erkannt. Gemeldet wurde: „${sentence(why)}“`,
  ],
  [
    /^(Noted|Held for a review by a person|Refused): (.+?), ((?:at|in) .+)\.$/,
    (outcome = '', names = '', where = '') => {
      const places = where
        .replace(/^at /, 'bei ')
        .replaceAll(' and in the ', ' und in the ')
        .replace(/,? (?:and )?(\d+) more/, ' und $1 weiteren')
        .replaceAll('in the title', 'im Titel')
        .replaceAll('in the tags', 'in den Schlagwörtern')
        .replaceAll(' and ', ' und ');
      const found = names
        .split(', ')
        .map((name) => categories[name.toLowerCase()] ?? name)
        .join(', ');
      return `${outcomes[outcome] ?? outcome}: ${found}, ${places}.`;
    },
  ],
  [
    /^(.+\.) ffmpeg runs as the agent's user with limits on memory, file size, time, formats and protocols; (.+)\.$/s,
    (why = '', death = '') =>
      `${sentence(why)} ffmpeg läuft als Benutzer des Agenten, mit Grenzen für Speicher, Dateigröße, Zeit, Formate und Protokolle; ${
        death === 'it dies with the agent'
          ? 'es endet mit dem Agenten'
          : 'was ein beendeter Agent hinterlässt, wird bei seinem nächsten Start beendet'
      }.`,
  ],
  [
    /^It encoded the reference clip: SSIM ([\d.]+), libx264 ([\d.]+)\.$/,
    (own = '', reference = '') =>
      `Er hat den Vergleichsclip kodiert: SSIM ${own.replace('.', ',')}, libx264 ${reference.replace('.', ',')}.`,
  ],
  [
    /^(\d+) files were there again after they had been deleted: they are deleted once more\.$/,
    (n) => `${n} Dateien waren nach dem Löschen wieder da: Sie werden noch einmal gelöscht.`,
  ],
  [
    /^The network answered (\S+) instead of saying what it serves\.$/,
    (status) => `Das Inhaltsnetz antwortete mit ${status}, statt zu sagen, was es liefert.`,
  ],
  [/^The network’s API answered (\S+)\.$/, (status) => `Die Schnittstelle des Inhaltsnetzes antwortete mit ${status}.`],
  [/^Cloudflare did not take a purge \((.+)\)\.$/, (codes) => `Cloudflare hat ein Entfernen nicht angenommen (${codes}).`],
  [/^The storage cannot be used right now \((.+)\)\.$/, (code) => `Der Speicher ist im Augenblick nicht zu benutzen (${code}).`],
  [
    /^The storage did not remove (\d+) of (\d+) objects \((.+)\)\.$/,
    (kept, all, code) => `Der Speicher hat ${kept} von ${all} Objekten nicht entfernt (${code}).`,
  ],
  [/^The number (.+) is missing\.$/, (numbers) => `Die Zahl ${numbers} fehlt.`],
  [/^The number (.+) is not in the source\.$/, (numbers) => `Die Zahl ${numbers} wird nicht gesagt.`],
  [/^The glossary writes (“.+”)\.$/, (terms = '') => `Das Glossar schreibt ${germanQuotes(terms)}.`],
  [
    /^(“.+”) is not in the translation under this name\.$/,
    (names = '') => `${germanQuotes(names)} steht unter diesem Namen nicht in der Übersetzung.`,
  ],
  [/^(“.+”) is not in the source under this name\.$/, (names = '') => `${germanQuotes(names)} wird unter diesem Namen nicht genannt.`],
  [/^More than (\d+) characters a second: shorten it\.$/, (rate) => `Mehr als ${rate} Zeichen je Sekunde: Kürzen Sie es.`],
  [/^The address answered (\d+)\.$/, (status = '') => `Die Adresse antwortete mit ${status}.`],
  [/^The comparison could not be done: (.+)\.$/, (why = '') => `Der Vergleich ließ sich nicht machen: ${jobFailure(why)}.`],
  [/^The archive could not be made: (.+)\.$/, (why = '') => `Das Archiv ließ sich nicht erstellen: ${jobFailure(why)}.`],
  [
    /^The translation engine did not answer: (.+)\. Try again later\.$/,
    (why = '') => `Der Dienst für Übersetzungen hat nicht geantwortet: ${jobFailure(why)}. Versuchen Sie es später noch einmal.`,
  ],
  [/^Deepgram did not answer: (.+)\.$/, (why = '') => `Deepgram hat nicht geantwortet: ${jobFailure(why)}.`],
  [
    /^Deepgram heard (\d+) of (\d+) seconds\. It will be asked again\.$/,
    (heard, all) => `Deepgram hat ${heard} von ${all} Sekunden gehört. Es wird noch einmal gefragt.`,
  ],
  [/^The language model did not answer within (\d+) s\.$/, (seconds) => `Das Sprachmodell hat nicht binnen ${seconds} s geantwortet.`],
  [
    /^The moderation endpoint refused \(status (\d+)\)\. Check its address, key and model\.$/,
    (status) => `Der Moderationsdienst hat abgelehnt (Status ${status}). Prüfen Sie Adresse, Schlüssel und Modell.`,
  ],
  [/^Deepgram heard half a second of silence \((.+)\)\.$/, (engine) => `Deepgram hat eine halbe Sekunde Stille gehört (${engine}).`],
  [/^It named a sentence “(.*)”\.$/s, (title) => `Es hat einen Satz „${title}“ genannt.`],
  [
    /^It found (.+) with a score of ([\d.]+) in an insult\.$/,
    (category = '', score = '') =>
      `Er hat in einer Beleidigung „${safetyCategories[category.replace('-', '_')] ?? category}“ gefunden, mit dem Wert ${score.replace('.', ',')}.`,
  ],
  [/^“Good morning\.” came back as “(.*)”\.$/s, (text) => `„Good morning.“ kam als „${text}“ zurück.`],
  [/^No answer within (\d+) seconds\.$/, (seconds) => `Keine Antwort binnen ${seconds} Sekunden.`],
  [/^Bubblewrap does not work here: (.*)\.$/s, (said = '') => `Bubblewrap geht hier nicht: „${said}“.`],
];

/** What an engine did, with the reason it gave quoted: `LibreTranslate does not know this language: xx is not supported.` */
function engineFault(text: string): string | null {
  const [, what = '', said, request, check] = /^([^:]+?)(?:: (.+?))?( \(request [^)]+\))?\.( Check its key\.)?$/s.exec(text) ?? [];
  const told = engineFaults.flatMap(([pattern, tell]) => {
    const found = pattern.exec(what);
    return found ? [tell(...found.slice(1))] : [];
  })[0];
  if (told === undefined) {
    return null;
  }
  const reason = said === undefined ? '.' : `: „${said}“.`;
  const number = request === undefined ? '' : ` Die Anfrage war ${request.slice(' (request '.length, -1)}.`;
  return `${told}${reason}${number}${check === undefined ? '' : ' Prüfen Sie den Schlüssel.'}`;
}

/** One sentence of the server, in German. */
export function sentence(text: string): string {
  return germanParties[text] ?? told(text, same, forms) ?? engineFault(text) ?? choiceText(text);
}
