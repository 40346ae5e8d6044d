/** Every word the console says, in German. The type holds it complete: a text that English has and German lacks does not compile. */

import { agents } from './agents.de.ts';
import { billing } from './billing.de.ts';
import { brand } from './brand.de.ts';
import { clips } from './clips.de.ts';
import { count, number } from './count.de.ts';
import { audit, serviceAccounts, webhooks } from './doors.de.ts';
import type { Messages } from './en.ts';
import { imports } from './imports.de.ts';
import { keeping } from './keeping.de.ts';
import { overview } from './overview.de.ts';
import { settings, system } from './system.de.ts';
import { mail } from './mail.de.ts';
import { people } from './people.de.ts';
import { moments, safety } from './safety.de.ts';
import { legalHold, safekeeping } from './safekeeping.de.ts';
import { personalData } from './personalData.de.ts';
import { server } from './server.de.ts';
import { exporting } from './exporting.de.ts';
import { labels } from './labels.de.ts';
import { keys } from './keys.de.ts';
import { sharing } from './sharing.de.ts';
import { setup } from './setup.de.ts';
import { signOn } from './signOn.de.ts';
import { storage } from './storage.de.ts';
import { compression } from './compression.de.ts';
import { thirdParties } from './thirdParties.de.ts';
import { words } from './words.de.ts';

export const de: Messages = {
  locale: 'de',
  appName: 'Carmic',

  common: {
    cancel: 'Abbrechen',
    close: 'Schließen',
    save: 'Speichern',
    retry: 'Erneut versuchen',
    more: 'Mehr',
    loading: 'Wird geladen',
    copy: 'Kopieren',
    copied: 'Kopiert',
    dismiss: 'Ausblenden',
    skipToContent: 'Zum Inhalt springen',
    onThisPage: 'Auf dieser Seite',
    onlyFigure: {
      hour: (when) => `Alles in der Stunde ab ${when}. Mit der zweiten Stunde wird ein Diagramm daraus.`,
      day: (when) => `Alles am ${when}. Mit dem zweiten Tag wird ein Diagramm daraus.`,
    },
  },

  words,
  imports,
  safety,
  moments,
  brand,
  server,
  personalData,
  overview,
  system,
  setup,
  settings,

  viewer: {
    note: 'Sie sind hier Betrachter: Sie können alles ansehen, abspielen und herunterladen. Bearbeiter und Inhaber können es ändern.',
    engines: 'Nur Inhaber dieses Arbeitsbereichs können ändern, welche Dienste gefragt werden.',
    empty: 'Hier gibt es noch nichts zu sehen. Bearbeiter und Inhaber dieses Arbeitsbereichs können Videos hochladen.',
  },

  title: (page) => `${page} · Carmic`,

  nav: {
    label: 'Hauptmenü',
    library: 'Bibliothek',
    agents: 'Agenten',
    deletions: 'Löschungen',
    plans: 'Tarife',
    account: 'Konto',
    signOut: 'Abmelden',
    theme: 'Darstellung',
    themes: { system: 'System', light: 'Hell', dark: 'Dunkel' },
    version: (version) => `Version ${version}`,
    language: 'Sprache',
    administration: 'Verwaltung',
  },

  live: {
    reconnecting: 'Verbindung wird neu aufgebaut …',
    reconnectingLong: 'Die Verbindung zum Server ist unterbrochen. Was Sie sehen, kann veraltet sein; es wird weiter versucht.',
    saving: 'Wird gespeichert …',
    notSaved: 'Noch nicht gespeichert. Lassen Sie diese Seite offen: Es wird gesendet, sobald die Verbindung wieder da ist.',
    saved: 'Gespeichert',
  },

  errors: {
    offline: 'Der Server ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es dann noch einmal.',
    unexpected: 'Hier ist etwas schiefgegangen. Laden Sie die Seite neu; bleibt es dabei, sagen Sie es Ihrer Administration.',
    unreadable: 'Diese Seite versteht die Antwort des Servers nicht. Laden Sie die Seite neu.',
    rateLimited: (seconds) => `Zu viele Versuche. Versuchen Sie es in ${count(seconds, 'Sekunde', 'Sekunden')} wieder.`,
    loadFailed: 'Das konnte nicht geladen werden',
    pageFailed: 'Ein Teil der Oberfläche ist nicht angekommen. Prüfen Sie Ihre Verbindung und versuchen Sie es dann noch einmal.',
    startFailed: 'Carmic antwortet nicht',
  },

  signIn: {
    title: 'Anmelden',
    lead: 'Lange Videos hinein. Sehenswerte Clips heraus.',
    email: 'E-Mail',
    password: 'Passwort',
    submit: 'Anmelden',
    checkingLink: 'Sie werden angemeldet …',
    linkRefused: 'Dieser Anmeldelink gilt nicht mehr',
    linkRefusedText:
      'Ein Link gilt einmal und einen Tag lang. Bis ein Passwort gewählt ist, gibt jeder Start von Carmic einen neuen aus; sonst melden Sie sich unten an.',
    wrong: 'E-Mail und Passwort passen nicht zusammen.',
    sessionEnded: 'Sie wurden abgemeldet. Melden Sie sich an, um weiterzuarbeiten.',
    firstTime: 'Zum ersten Mal hier? Öffnen Sie den Anmeldelink, der beim Start von Carmic ausgegeben wurde.',
    points: [
      'Findet die Stellen, die für sich stehen',
      'Folgt dem Sprecher, untertitelt jedes Wort',
      'Läuft auf Ihren Maschinen. Nichts verlässt sie.',
    ],
  },

  welcome: {
    title: 'Willkommen. Richten Sie sich ein',
    text: 'Wählen Sie, wie Sie sich künftig anmelden. Der benutzte Link gilt nur einmal.',
    name: 'Ihr Name',
    email: 'E-Mail',
    password: 'Passwort',
    passwordHint: '8 bis 128 Zeichen. Ein paar Wörter ohne Zusammenhang ergeben ein gutes.',
    submit: 'Speichern und weiter',
    skip: 'Vorerst überspringen',
    done: 'Fertig. Ab jetzt melden Sie sich mit E-Mail und Passwort an.',
    reminder: 'Sie kamen über einen Einmallink herein. Wählen Sie ein Passwort, damit Sie wiederkommen können.',
    reminderAction: 'Passwort wählen',
  },

  expiry: {
    ends: (when, day) => `Läuft ab ${when} (${day})`,
    none: 'Kein Ablauf',
    by: {
      plan: (plan) => `nach dem Tarif ${plan}`,
      workspace: () => 'nach einer Regel dieses Arbeitsbereichs',
      grace: () => 'länger durch die Schonfrist nach einer strengeren Regel',
    },
  },

  library: {
    title: 'Bibliothek',
    upload: 'Videos hochladen',
    dropTitle: 'Zum Hochladen loslassen',
    dropText: 'Videos, und Untertiteldateien, die dazugehören',
    emptyTitle: 'Legen Sie Ihr erstes Video hier ab',
    emptyText:
      'Ein Vortrag, ein Podcast, ein Stream: alles mit ein paar guten Stellen. Carmic findet sie, schneidet sie fürs Handy zu und untertitelt sie.',
    emptyHint: (size, length) => `Je bis zu ${size} und ${length}`,
    loadMore: 'Mehr zeigen',
    clips: (n) => count(n, 'Clip', 'Clips'),
    noClips: 'Keine Clips',
    menu: (title) => `Aktionen für ${title}`,
    open: 'Öffnen',
    continueUpload: 'Hochladen fortsetzen …',
    uploadElsewhere: 'Upload nicht abgeschlossen',
  },

  state: {
    uploading: 'Wird hochgeladen',
    inspecting: 'Video wird angesehen',
    transcribing: 'Wird angehört',
    selecting: 'Stellen werden gewählt',
    held: 'Wartet auf eine Prüfung',
    rendering: 'Clips werden gerendert',
    ready: 'Fertig',
    failed: 'Angehalten',
    deleting: 'Wird gelöscht',
  },

  stage: {
    names: { upload: 'Upload', inspect: 'Analyse', transcript: 'Transkript', highlights: 'Höhepunkte', render: 'Rendern' },
    states: { waiting: 'Wartet', running: 'Läuft', done: 'Erledigt', skipped: 'Übersprungen', failed: 'Gescheitert' },
    what: {
      upload: 'Die Datei kommt an und wird geprüft',
      inspect: 'Bild, Ton und Schnitte werden vermessen',
      transcript: 'Wörter kommen auf die Zeitleiste',
      highlights: 'Die besten Stellen werden gereiht',
      render: 'Clips werden zugeschnitten, untertitelt und kodiert',
    },
    progress: (name) => `${name}: Fortschritt`,
    secondsLeft: (left) => `noch etwa ${left}`,
    took: (time) => `dauerte ${time}`,
    title: 'Fortschritt',
    allDone: 'Wie es entstand',
  },

  sheet: {
    title: (n) => (n === 1 ? 'Neues Video' : `${number.format(n)} neue Videos`),
    start: (n) => (n === 1 ? 'Starten' : `${number.format(n)} Uploads starten`),
    addMore: 'Dateien hinzufügen',
    remove: (name) => `${name} entfernen`,
    sameForAll: 'Dieselben Einstellungen für alle',
    settingsFor: (name) => `Einstellungen für ${name}`,
    files: 'Dateien',
    clipCount: 'Clips',
    clipCountHint: 'höchstens',
    aspects: 'Formate',
    captions: 'Untertitel',
    captionStyles: {
      karaoke: 'Wort für Wort',
      pop: 'Springend',
      boxed: 'Kasten',
      highlight: 'Markiert',
      reveal: 'Aufbauend',
      headline: 'Schlagzeile',
      neon: 'Neon',
      duo: 'Zwei Sprecher',
      minimal: 'Schlicht',
      classic: 'Klassisch',
      none: 'Keine',
    },
    length: 'Länge der Clips',
    lengths: { short: '10–30 s', medium: '15–60 s', long: '45–90 s', custom: 'Eigene' },
    minSeconds: 'Mindestens (Sekunden)',
    maxSeconds: 'Höchstens (Sekunden)',
    lengthError: 'Die längste muss über der kürzesten liegen: 5 bis 180 und 8 bis 180 Sekunden.',
    subtitles: 'Untertiteldatei',
    subtitlesHint: 'Haben Sie eine SRT- oder VTT-Datei, werden ihre Wörter statt der Spracherkennung verwendet.',
    subtitlesAdd: 'SRT oder VTT hinzufügen',
    subtitlesRemove: (name) => `Untertitel ${name} entfernen`,
    subtitlesTooLarge: 'Eine Untertiteldatei kann höchstens 10 MB groß sein.',
    more: 'mehr',
    fewer: 'weniger',
    tooLarge: (size, limit) => `${size}, und diese Installation nimmt höchstens ${limit} an.`,
    empty: 'Diese Datei ist leer.',
    notVideo: 'Das sieht nicht nach einem Video aus; nach dem Hochladen wird es geprüft.',
    nothingToStart: 'Keine dieser Dateien kann hochgeladen werden.',
    strayCaptions: (name) => `${name} passt dem Namen nach zu keinem der Videos und wurde weggelassen.`,
  },

  aspects: {
    '9:16': 'Hochformat',
    '1:1': 'Quadrat',
    '4:5': 'Porträt',
    '16:9': 'Breitbild',
  },

  uploads: {
    title: (n) => count(n, 'Upload', 'Uploads'),
    panel: 'Uploads',
    collapse: 'Uploads ausblenden',
    expand: 'Uploads zeigen',
    pause: (name) => `${name} anhalten`,
    resume: (name) => `${name} fortsetzen`,
    cancel: (name) => `${name} abbrechen`,
    dismiss: (name) => `${name} aus dieser Liste entfernen`,
    clearDone: 'Fertige entfernen',
    states: {
      preparing: 'Wird vorbereitet …',
      queued: 'Wartet, bis es dran ist',
      uploading: 'Wird hochgeladen',
      paused: 'Angehalten',
      reconnecting: 'Verbindung verloren, neuer Versuch …',
      needsFile: 'Wählen Sie dieselbe Datei noch einmal, um fortzufahren',
      finishing: 'Das Angekommene wird geprüft …',
      done: 'Hochgeladen',
      failed: 'Abgebrochen',
    },
    chooseFile: 'Datei wählen',
    amount: (sent, total) => `${sent} von ${total}`,
    speed: (perSecond) => `${perSecond}/s`,
    left: (time) => `noch ${time}`,
    progress: (name) => `Upload von ${name}`,
    otherFile: (name) => `Das ist eine andere Datei. Wählen Sie noch einmal ${name}.`,
    otherContent:
      'Diese Datei heißt gleich, hat aber anderen Inhalt. Wählen Sie die, mit der Sie begannen, oder brechen Sie ab und laden Sie neu hoch.',
    fileChanged: 'Die Datei wurde während des Hochladens geändert, verschoben oder gelöscht. Wählen Sie sie noch einmal, um fortzufahren.',
    gone: 'Dieser Upload lief ab, bevor er fertig war. Laden Sie die Datei neu hoch.',
    storageFull: 'Der Server hat keinen Platz mehr für diese Datei. Schaffen Sie dort Platz, und versuchen Sie es dann noch einmal.',
    partFailed: 'Ein Teil der Datei konnte auch nach mehreren Versuchen nicht gespeichert werden.',
    captionsFailed: (message) => `Die Untertitel wurden nicht angenommen: ${message}`,
    withoutCaptions: 'Ohne Untertitel weiter',
    captionsRepaired: (name, n) =>
      `${name}: ${n === 1 ? 'eine Stelle der Untertitel wurde' : `${number.format(n)} Stellen der Untertitel wurden`} berichtigt.`,
    cancelTitle: 'Diesen Upload abbrechen?',
    cancelText: (name) => `Was von „${name}“ angekommen ist, wird vom Server entfernt.`,
    cancelAction: 'Upload abbrechen',
  },

  video: {
    backToLibrary: 'Bibliothek',
    delete: 'Video löschen …',
    deleteTitle: 'Dieses Video löschen?',
    deleteText: (title) =>
      `„${title}“, die Clips, die Untertitel und alles, was daraus entstand, werden endgültig gelöscht. Das lässt sich nicht rückgängig machen.`,
    deleteAction: 'Endgültig löschen',
    deleted: (title) => `„${title}“ wurde gelöscht.`,
    goneTitle: 'Dieses Video ist nicht mehr hier',
    goneText: 'Es wurde gelöscht, ist abgelaufen, oder die Adresse ist falsch.',
    toLibrary: 'Zur Bibliothek',
    resolution: (width, height) => `${width} × ${height}`,
    noSound: 'kein Ton',
    uploaded: (when) => `Hinzugefügt ${when}`,
    source: 'Video',
    transcript: 'Transkript',
    transcriptShow: 'Transkript zeigen',
    chapters: 'Kapitel',
    findings: 'Vor dem Veröffentlichen ansehen',
    findingsNote: (n) => count(n, 'Stelle', 'Stellen'),
    findingsHint: 'Eine automatische Prüfung meint, das könnte gegen die Regeln verstoßen. Sie irrt oft.',
    transcriptNone: 'Kein Transkript',
    transcriptNoneText: 'Niemand spricht, oder nichts hier kann zuhören. Die Hinweise oben sagen, was zutrifft.',
    transcriptWaiting: 'Die Wörter erscheinen hier, sobald sie da sind.',
    transcriptEngine: (engine, words) => `${engine} · ${count(words, 'Wort', 'Wörter')}`,
    transcriptHelp:
      'Wählen Sie eine Zeit oder ein Wort, um von dort abzuspielen. Auf einer Zeit gehen Pfeil links und rechts Wort für Wort.',
    follow: 'Mitlaufen',
    playFrom: (time) => `Ab ${time} abspielen`,
    waveform: 'Zeitleiste',
    waveformSeek: 'Stelle im Video',
    waveformPosition: (now, of) => `${now} von ${of}`,
    noPlayer: 'Die Vorschau erscheint hier, sobald das Video angesehen wurde.',
    noPlayerFailed: 'Von diesem Video gibt es keine Vorschau.',
    playerError: 'Die Vorschau ließ sich nicht abspielen.',
    failedAt: (stage) => `Angehalten bei: ${stage}`,
    failureNext: 'Was Sie tun können',
    failureCode: (code) => `Code ${code}`,
    retry: 'Erneut versuchen',
    retried: 'Es wird erneut versucht.',
    uploadElsewhere: 'Dieser Upload wurde nicht abgeschlossen. Wählen Sie dieselbe Datei noch einmal, um dort weiterzumachen.',
    chooseFile: 'Datei wählen',
  },

  player: {
    label: (title) => `Vorschau von ${title}`,
    play: 'Abspielen',
    pause: 'Anhalten',
    mute: 'Stumm schalten',
    unmute: 'Ton an',
    fullscreen: 'Vollbild',
    speed: 'Geschwindigkeit',
    speedValue: (rate) => `${number.format(rate)}×`,
    keys: 'Die Leertaste spielt ab und hält an, J und L springen zehn Sekunden, Pfeile eine Sekunde, ? zeigt alle Tasten.',
  },

  agents,

  account: {
    title: 'Konto',
    profile: 'Profil',
    profileText: 'Wie Sie hier erscheinen, und womit Sie sich anmelden.',
    name: 'Name',
    email: 'E-Mail',
    currentPassword: 'Jetziges Passwort',
    currentPasswordHint: 'Nötig, um die E-Mail zu ändern.',
    password: 'Passwort',
    passwordText: 'Eine Änderung meldet Sie überall sonst ab.',
    passwordTextNone: 'Sie haben noch kein Passwort. Wählen Sie eines, um sich wieder anmelden zu können.',
    newPassword: 'Neues Passwort',
    passwordSaved: 'Ihr Passwort wurde geändert.',
    profileSaved: 'Ihr Profil wurde gespeichert.',
    setPassword: 'Passwort setzen',
    changePassword: 'Passwort ändern',
    plan: 'Tarif und Speicher',
    planText: 'Was für diesen Arbeitsbereich gilt, und wie viel er enthält.',
    expiresAfter: (days) =>
      days === 1 ? 'Videos und Clips werden einen Tag aufbewahrt.' : `Videos und Clips werden ${number.format(days)} Tage aufbewahrt.`,
    noExpiry: 'Videos und Clips werden aufbewahrt, bis Sie sie löschen.',
    storage: 'Belegter Speicher',
    storageUses: {
      sources: 'Hochgeladene Videos',
      clips: 'Clips und ihre Titelbilder',
      copies: 'Kopien zum Abspielen',
      words: 'Wörter und Untertitel',
      brands: 'Markenauftritte',
      other: 'Anderes',
    },
    stored: (used) => `${used} belegt`,
    storedOf: (used, limit) => `${used} von ${limit} belegt`,
    minutes: 'Verarbeitungsminuten in diesem Monat',
    minutesUsed: (used) => `${count(used, 'Minute', 'Minuten')} in diesem Monat verarbeitet`,
    minutesUsedOf: (used, limit) => `${number.format(used)} von ${count(limit, 'Minute', 'Minuten')} in diesem Monat verarbeitet`,
    minutesReserved: (reserved) => `${count(reserved, 'weitere Minute ist', 'weitere Minuten sind')} für laufende Arbeit vorgemerkt.`,
    membersOf: (members, limit) => `${number.format(members)} von ${count(limit, 'Mitglied', 'Mitgliedern')}`,
    notIncluded: (features) => `Nicht enthalten: ${features}`,
    appearance: 'Darstellung',
    appearanceText: 'Gilt für diesen Browser.',
    session: 'Diese Sitzung',
    sessionText: 'Uploads, die in diesem Browser laufen, enden beim Abmelden.',
  },

  validation: {
    email: 'Geben Sie eine E-Mail-Adresse ein, etwa ada@example.org.',
    name: 'Geben Sie einen Namen ein.',
    passwordLength: 'Nehmen Sie 8 bis 128 Zeichen.',
  },

  notFound: {
    title: 'Unter dieser Adresse ist nichts',
    text: 'Der Link ist vielleicht alt, oder vertippt.',
  },

  units: {
    bytes: ['Bytes', 'KB', 'MB', 'GB', 'TB'],
    justNow: 'gerade eben',
    seconds: (n) => `${n} s`,
    minutes: (n) => `${n} min`,
    hours: (n) => `${n} h`,
    hoursMinutes: (h, m) => (m === 0 ? `${h} h` : `${h} h ${m} min`),
  },

  ...clips,
  sharing,
  keys,
  labels,
  exporting,
  ...keeping,
  audit,
  serviceAccounts,
  webhooks,
  ...storage,
  people,
  safekeeping,
  mail,
  thirdParties,
  compression,
  legalHold,
  billing,
  signOn,

  toasts: { region: 'Benachrichtigungen' },
};
