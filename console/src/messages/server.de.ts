/** What the server says, in German: by code and name; what only its sentence knows is quoted or taken over. */
import type { ErrorCode, FailureCode } from '@carmic/contract';
import { choiceText } from './choices.de.ts';
import { dataMap } from './dataMap.de.ts';
import { engineText } from './engines.de.ts';
import { sentence } from './sentences.de.ts';
import type { server as english } from './server.en.ts';

/** A code that is not here has a sentence that says more than the code: it is quoted. */
const errors: Partial<Record<ErrorCode, string>> = {
  checksum_mismatch: 'Die Prüfsumme stimmt nicht: Unterwegs wurde etwas verändert. Versuchen Sie es noch einmal.',
  unauthenticated: 'Sie sind nicht angemeldet. Melden Sie sich an, und versuchen Sie es noch einmal.',
  forbidden: 'Das dürfen Sie hier nicht.',
  reauthentication_needed: 'Diese Änderung braucht einen frischen Nachweis, dass Sie es sind.',
  second_factor_needed: 'Ihre Rolle verlangt einen zweiten Faktor. Richten Sie auf der Kontoseite einen ein.',
  workspace_suspended: 'Die Administration hat diesen Arbeitsbereich gesperrt. Der Grund steht da, wenn Sie die Seite neu laden.',
  sign_on_needed: 'Melden Sie sich über den Anmeldedienst Ihres Unternehmens an.',
  processing_restricted:
    'Sie haben die Verarbeitung Ihrer Inhalte eingeschränkt: Es entsteht nichts Neues. Heben Sie das zuerst auf der Seite „Ihre Daten“ auf.',
  not_found: 'Das gibt es nicht, oder nicht mehr.',
  method_not_allowed: 'Das ist unter dieser Adresse nicht möglich.',
  request_timeout: 'Die Anfrage dauerte zu lange. Versuchen Sie es noch einmal.',
  idempotency_mismatch: 'Dieselbe Anfrage wurde schon mit anderem Inhalt gestellt.',
  lease_lost: 'Ein anderer Agent hat diese Aufgabe übernommen.',
  gone: 'Das ist nicht mehr da.',
  precondition_failed: 'Jemand anderes hat das inzwischen geändert. Sehen Sie sich den jetzigen Stand an, und ändern Sie ihn noch einmal.',
  precondition_required: 'Diese Seite kennt den jetzigen Stand nicht. Laden Sie sie neu.',
  payload_too_large: 'Das ist zu groß für diesen Server.',
  unsupported_media_type: 'Dateien dieser Art werden hier nicht angenommen.',
  rate_limited: 'Zu viele Anfragen. Warten Sie einen Augenblick.',
  internal: 'Im Server ist etwas schiefgegangen. Versuchen Sie es noch einmal; bleibt es dabei, sagen Sie es Ihrer Administration.',
  storage_full: 'Der Speicher des Servers ist voll.',
};

const beforeQuote: Partial<Record<ErrorCode, string>> = {
  invalid_input: 'Die Eingabe passt nicht.',
  quota_exceeded: 'Das übersteigt, was Ihr Tarif erlaubt.',
  conflict: 'Das verträgt sich nicht mit dem jetzigen Stand.',
  wrong_state: 'Das geht im jetzigen Zustand nicht.',
  captions_invalid: 'Die Untertitel sind nicht lesbar.',
  sign_on_failed: 'Die Anmeldung beim Dienst ist gescheitert.',
  unavailable: 'Das ist gerade nicht verfügbar.',
};

const failures: Record<FailureCode, [message: string, nextAction: string]> = {
  upload_incomplete: [
    'Der Upload kam nicht vollständig an.',
    'Laden Sie die Datei noch einmal hoch; gespeicherte Teile werden nicht zweimal gesendet.',
  ],
  import_failed: [
    'Das Video konnte nicht geholt werden.',
    'Öffnen Sie die Adresse in einem Browser: Sie muss zur Videodatei selbst führen. Holen Sie es dann noch einmal.',
  ],
  empty_file: ['Die Datei ist leer.', 'Wählen Sie eine Datei, die nicht leer ist.'],
  not_a_video: ['Die Datei ist kein Video.', 'Laden Sie eine Videodatei hoch, zum Beispiel MP4, MOV, MKV oder WebM.'],
  playlist_refused: ['Die Datei ist eine Wiedergabeliste.', 'Laden Sie das Video selbst hoch statt einer Liste, die darauf verweist.'],
  truncated: ['Die Datei ist abgeschnitten.', 'Exportieren oder kopieren Sie die Datei noch einmal, und laden Sie sie vollständig hoch.'],
  no_video_stream: ['Die Datei hat kein Bild.', 'Laden Sie eine Datei mit Bild hoch; aus Ton allein entstehen keine Clips.'],
  unsupported_codec: [
    'Dieser Codec wird nicht unterstützt.',
    'Wandeln Sie das Video in H.264 oder H.265 in MP4 um, und laden Sie es noch einmal hoch.',
  ],
  too_long: ['Das Video ist zu lang.', 'Laden Sie einen kürzeren Teil hoch, oder bitten Sie die Administration um eine höhere Grenze.'],
  too_large: ['Das Video ist zu groß.', 'Laden Sie eine kleinere Datei hoch, oder bitten Sie die Administration um eine höhere Grenze.'],
  too_many_pixels: ['Das Bild ist zu groß.', 'Exportieren Sie das Video in 8K oder weniger, und laden Sie es noch einmal hoch.'],
  decode_failed: ['Das Video ließ sich nicht dekodieren.', 'Exportieren Sie es noch einmal als H.264 in MP4; diese Datei ist beschädigt.'],
  encoder_missing: [
    'Dem Agenten fehlt ein Encoder.',
    'Installieren Sie auf dem Agenten ein ffmpeg mit libx264 und libass, und versuchen Sie es dann noch einmal.',
  ],
  time_limit: [
    'Die Arbeit dauerte zu lange.',
    'Versuchen Sie es noch einmal; wenn es wieder geschieht, mit schnellerem Agenten oder kleinerem Video.',
  ],
  memory_limit: [
    'Die Arbeit brauchte zu viel Speicher.',
    'Exportieren Sie das Video mit geringerer Auflösung, und laden Sie es noch einmal hoch.',
  ],
  agent_disk_full: ['Die Festplatte des Agenten ist voll.', 'Schaffen Sie auf dem Agenten Platz, und versuchen Sie es dann noch einmal.'],
  agent_lost: [
    'Der Agent hat sich nicht mehr gemeldet.',
    'Prüfen Sie, ob ein Agent läuft und verbunden bleibt, und versuchen Sie es dann noch einmal.',
  ],
  no_agent: [
    'Es gibt keinen Agenten dafür.',
    'Starten Sie einen Agenten (die Seite Agenten zeigt wie), und versuchen Sie es dann noch einmal.',
  ],
  captions_invalid: ['Die Untertiteldatei ist nicht lesbar.', 'Berichtigen Sie die Datei, oder versuchen Sie es ohne sie.'],
  transcription_failed: [
    'Die Spracherkennung ist gescheitert.',
    'Versuchen Sie es noch einmal, oder geben Sie die Wörter als SRT- oder VTT-Datei mit.',
  ],
  transcription_refused: [
    'Der Dienst hat die Spracherkennung abgelehnt.',
    'Prüfen Sie Schlüssel und Konto des Dienstes in den Einstellungen, und versuchen Sie es dann noch einmal.',
  ],
  no_clips_found: ['Es wurde keine passende Stelle gefunden.', 'Nehmen Sie ein längeres Video oder eine kürzere Mindestlänge.'],
  policy_refused: [
    'Dieses Video wurde nach den Regeln abgelehnt.',
    'Lesen Sie auf dieser Seite warum; ist es falsch, erheben Sie Einspruch, und ein Mensch sieht es sich an.',
  ],
  minutes_exhausted: [
    'Die Verarbeitungsminuten dieses Monats sind aufgebraucht.',
    'Warten Sie auf den nächsten Monat, oder bitten Sie um einen größeren Tarif, und versuchen Sie es dann noch einmal.',
  ],
  render_failed: [
    'Das Rendern ist gescheitert.',
    'Versuchen Sie es noch einmal; wenn es wieder geschieht, rendern Sie ein anderes Format und sagen Sie es der Administration.',
  ],
  output_invalid: [
    'Das Ergebnis ist nicht in Ordnung.',
    'Versuchen Sie es noch einmal; wenn es wieder geschieht, prüfen Sie Festplatte und Netz des Agenten.',
  ],
  storage_failed: [
    'Der Speicher hat nicht geantwortet.',
    'Prüfen Sie, ob der Speicher erreichbar ist und Platz hat, und versuchen Sie es dann noch einmal.',
  ],
  stalled: ['Die Arbeit blieb stehen.', 'Versuchen Sie es noch einmal; wenn es wieder geschieht, sehen Sie ins Protokoll des Servers.'],
  cancelled: ['Die Arbeit wurde abgebrochen.', 'Starten Sie sie noch einmal, wenn Sie sie noch wünschen.'],
  internal: [
    'Im Server ist etwas schiefgegangen.',
    'Versuchen Sie es noch einmal; wenn es wieder geschieht, sehen Sie ins Protokoll des Servers.',
  ],
};

const scoreLabels: Readonly<Record<string, string>> = {
  people: 'Spricht von Menschen',
  reasons: 'Nennt Gründe',
  we: 'Spricht als „wir“',
  first_person: 'Spricht von sich',
  address: 'Spricht die Zuhörer an',
  others: 'Spricht von anderen',
  superlatives: 'Superlative',
  numbers: 'Zahlen',
  frankness: 'Offene Worte',
  hardship: 'Schwierigkeiten',
  negation: 'Widerspruch',
  examples: 'Beispiele',
  reported: 'Wörtliche Rede',
  fillers: 'Füllwörter',
  beliefs: 'Überzeugungen',
  why_how: 'Warum und wie',
  change: 'Veränderung',
  mistakes: 'Fehler',
  absolutes: 'Unbedingtes',
  surprise: 'Überraschung',
  feeling: 'Gefühl',
  names: 'Namen',
  exclamations: 'Ausrufe',
  laughter: 'Reden vom Lachen',
  central: 'Hauptthemen',
  rarity: 'Neue Wörter',
  density: 'Sagt viel',
  questions: 'Fragen',
  short_sentences: 'Kurze Sätze',
  sentence_length: 'Länge der Sätze',
  main_speaker: 'Hauptsprecher',
  turn_length: 'Zeit zum Reden',
  reaction: 'Reaktion',
  laughs: 'Gelächter',
  clean_start: 'Anfang',
  clean_end: 'Schluss',
  pace: 'Tempo',
  loudness: 'Lautstärke',
  motion: 'Bewegung',
  early: 'Platz im Video',
  length: 'Länge',
  subject: 'Thema',
  whole_sentences: 'Ganze Sätze',
  without_words: 'Ohne Wörter gewählt',
  topic: 'Gewünschtes Thema',
  cuts: 'Schnitte',
};

const facts: Readonly<Record<string, string>> = {
  frame_count: 'Bilder in der Datei',
  frame_width: 'Breite des Bildes',
  frame_height: 'Höhe des Bildes',
  duration: 'Länge des Bildes',
  picture_similarity: 'Ähnlichkeit des kodierten Bildes, alle Bilder (SSIM)',
  audio_video_difference: 'Unterschied zwischen Ton und Bild',
  silent: 'Hier ist im Video nichts zu hören; der Clip hat eine stille Tonspur',
  integrated_loudness: 'Mittlere Lautheit',
  true_peak: 'Spitzenpegel',
  caption_count: 'Untertitel',
  caption_overlaps: 'Untertitel, die den nächsten überlappen',
  caption_speed: 'Zeichen je Sekunde, bei 19 von 20 Untertiteln',
  caption_sync: 'Untertitel gegen den Ton, bei 19 von 20 Wörtern',
  caption_lines: 'Meiste Zeilen eines Untertitels',
  caption_line_characters: 'Längste Zeile eines Untertitels',
  caption_scale: 'Kleinster Untertitel, gegen die volle Größe',
  caption_safe_area: 'Untertitel frei von dem, was Apps verdecken',
  caption_on_face: 'Untertitel über einem Gesicht',
  caption_words: 'Gesprochene Wörter, die die Untertitel zeigen',
  caption_glyphs: 'Zeichen, die die Schrift hat',
  enlargement: 'Pixel des Videos werden höchstens vergrößert',
  face_inside: 'Bilder mit dem ganzen Gesicht im Ausschnitt',
  speaker_shown: 'Redezeit mit dem Sprecher im Bild',
  face_missed: 'Bilder ohne Gesicht, obwohl eines da war',
  crop_reversals: 'Umkehrungen des Ausschnitts je Sekunde',
  crop_acceleration_p95: 'Beschleunigung des Ausschnitts (95. Perzentil)',
};

const notes: Readonly<Record<string, string>> = {
  'Waiting for an agent': 'Wartet auf einen Agenten',
  'Checking the result': 'Das Ergebnis wird geprüft',
  'Looking at the file': 'Die Datei wird angesehen',
  'Reading picture and sound': 'Bild und Ton werden gelesen',
  'Checking pictures': 'Bilder werden geprüft',
  'Fetching the sound': 'Der Ton wird geholt',
  'Hearing speech': 'Die Sprache wird erkannt',
  'Listening and looking for faces': 'Der Ton wird gehört, Gesichter werden gesucht',
  'Looking for faces': 'Gesichter werden gesucht',
  Encoding: 'Der Clip wird kodiert',
  'Encoding again, finer': 'Der Clip wird noch einmal kodiert, feiner',
  'Measuring the clip': 'Der Clip wird gemessen',
  Done: 'Fertig',
  'Held for a review by a person': 'Zur Prüfung durch einen Menschen angehalten',
};

const units: Readonly<Record<string, string>> = {
  frames: 'Bilder',
  lines: 'Zeilen',
  characters: 'Zeichen',
  'a second': 'je Sekunde',
  times: 'Mal',
  share: 'Anteil',
  'widths/s²': 'Breiten/s²',
};

/** What the sentence quotes from the video, as evidence. */
const quoted = (sentence: string) =>
  sentence
    .match(/“[^”]+”/g)
    ?.map((words) => `„${words.slice(1, -1)}“`)
    .join(', ');

export const server: typeof english = {
  error: (code, message) =>
    errors[code as ErrorCode] ?? `${beforeQuote[code as ErrorCode] ?? 'Das hat nicht geklappt.'} Der Server meldet: „${message}“`,
  failure: ({ code }) => ({ message: failures[code][0], nextAction: failures[code][1] }),
  scorePart: ({ name, label, reason, points }) => {
    const own = scoreLabels[name] ?? label;
    const evidence = quoted(reason);
    return {
      label: own,
      reason: `${own}${evidence === undefined ? '' : `: ${evidence}`}, ${points >= 0 ? 'das hilft' : 'das spricht dagegen'}.`,
    };
  },
  fact(name, label) {
    const [, missing] = /\(left out: (.+)\)$/.exec(label) ?? [];
    return `${facts[name] ?? label}${missing === undefined ? '' : ` (ausgelassen: ${missing})`}`;
  },
  bound: (bound) =>
    bound
      .replace(/^at most /, 'höchstens ')
      .replace(/^at least /, 'mindestens ')
      .replace(/^exactly /, 'genau ')
      .replace(' within ', ' ± ')
      .replace(', or as fast as the words are spoken', ', oder so schnell, wie gesprochen wird'),
  unit: (unit) => units[unit] ?? unit,
  note: (note) => notes[note] ?? sentence(note).replace(/^(\d+) of (\d+) finished$/, '$1 von $2 fertig'),
  engine: engineText,
  tested: (text) => engineText(sentence(text)),
  choice: choiceText,
  sentence,
  dataMap,
};
