/** German words about the place where objects are kept. */
import type { StorageCheck, StorageFinding } from '@carmic/contract';
import { number } from './count.de.ts';
import type { storage as english } from './storage.en.ts';

const checkNames: Readonly<Record<string, string>> = {
  private_directory: 'Für andere Benutzer verschlossen',
  free_space: 'Freier Platz',
  root_key: 'Schlüssel',
  round_trip: 'Schreiben, Lesen, Entfernen',
  reachable: 'Erreichbar',
  clock_skew: 'Uhr',
  object_lock: 'Objektsperre',
  versioning: 'Versionen',
  lifecycle: 'Lebenszyklusregeln',
  cors: 'Zugriff aus Browsern',
  encryption_at_rest: 'Verschlüsselung beim Speichern',
  public_access: 'Für Fremde verschlossen',
  checksums: 'Prüfsummen der Teile',
  no_replacement: 'Verspätetes Schreiben',
};

/** What was found, and what to do about it where it is not as it must be. */
type Told = readonly [message: string, remedy?: string];
type Values = StorageCheck['values'];

const encryptions: Readonly<Record<string, string>> = {
  bucket: 'die Verschlüsselung des Buckets selbst',
  'sse-s3': 'SSE-S3',
  'sse-kms': 'SSE-KMS',
  'sse-c': 'SSE-C',
};
const howOf = ({ kind = '' }: Values) => encryptions[kind] ?? kind;
const clockRemedy = 'Stellen Sie die Uhr, und sorgen Sie dafür, dass sie richtig bleibt.';

/** What a check found. A reason in quotation marks is what a program said. */
export const findings: Readonly<Record<StorageFinding, (values: Values) => Told>> = {
  directory_private: () => ['Nur dieser Benutzer kann den Ordner der Objekte lesen.'],
  directory_open: () => [
    'Andere Benutzer dieser Maschine können in den Ordner der Objekte sehen.',
    'Nehmen Sie den anderen die Rechte daran.',
  ],
  space_free: ({ freeBytes, reservedBytes }) => [
    String(reservedBytes).startsWith('0 ')
      ? `${freeBytes} sind frei.`
      : `${freeBytes} sind frei, davon bleiben ${reservedBytes} zurückgehalten.`,
  ],
  space_short: ({ freeBytes, reservedBytes, directory }) => [
    `Nur ${freeBytes} sind frei, und ${reservedBytes} bleiben zurückgehalten: Uploads werden abgelehnt.`,
    `Schaffen Sie Platz auf der Festplatte von ${directory}, oder senken Sie CARMIC_MIN_FREE_BYTES.`,
  ],
  keys_current: () => ['Jeder Schlüssel eines Arbeitsbereichs ist mit dem jetzigen Wurzelschlüssel verschlossen.'],
  keys_former: ({ count }) => [
    `${count === 1 ? 'Ein Schlüssel' : `${count} Schlüssel`} von Arbeitsbereichen ${count === 1 ? 'hängt' : 'hängen'} an einem früheren Wurzelschlüssel.`,
    'Stellen Sie sie auf den jetzigen um; behalten Sie den früheren Wurzelschlüssel, bis das getan ist.',
  ],
  keys_unreadable: ({ reason }) => [
    `Die Schlüssel lassen sich nicht prüfen. Der Server meldet: „${reason}“`,
    'Beheben Sie das, bevor der Server neu gestartet wird.',
  ],
  round_trip: () => ['Ein Objekt wurde geschrieben, wieder gelesen und entfernt.'],
  round_trip_differs: ({ directory }) => [
    'Ein Objekt, das wieder gelesen wurde, war nicht das geschriebene.',
    directory === undefined ? 'Sehen Sie ins Protokoll des Servers.' : `Prüfen Sie die Festplatte von ${directory}.`,
  ],
  round_trip_kept: () => ['Ein Objekt, das entfernt wurde, ist noch da.', 'Sehen Sie ins Protokoll des Servers.'],
  round_trip_failed: ({ reason, directory }) => [
    `Kein Objekt ließ sich schreiben und wieder lesen: „${reason}“`,
    `Machen Sie ${directory} für diesen Benutzer beschreibbar, und schaffen Sie Platz auf der Festplatte.`,
  ],
  round_trip_refused: ({ reason }) => [
    `Kein Objekt ließ sich schreiben und wieder lesen: „${reason}“`,
    'Erlauben Sie dem Zugangsschlüssel, in diesem Bucket zu lesen, zu schreiben und zu löschen, und schalten Sie die Verschlüsselung ein, die CARMIC_S3_ENCRYPTION verlangt.',
  ],
  reachable: ({ bucket, endpoint }) => [`Der Bucket ${bucket} bei ${endpoint} antwortet.`],
  no_bucket: ({ bucket, endpoint }) => [
    `Bei ${endpoint} gibt es keinen Bucket ${bucket}.`,
    'Legen Sie den Bucket an, oder schreiben Sie den richtigen Namen in CARMIC_S3_BUCKET.',
  ],
  clock_refused: () => ['Die Uhr dieser Maschine geht mehr als 15 Minuten falsch, und der Speicher lehnt jede Anfrage ab.', clockRemedy],
  key_refused: ({ code }) => [
    `Der Speicher nimmt den Zugangsschlüssel nicht an (${code}).`,
    'Schreiben Sie das richtige Paar in CARMIC_S3_ACCESS_KEY_ID und CARMIC_S3_SECRET_ACCESS_KEY.',
  ],
  list_denied: ({ bucket }) => [
    `Der Zugangsschlüssel darf den Bucket ${bucket} nicht auflisten.`,
    'Erlauben Sie ihm dort s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject samt Versionen und s3:AbortMultipartUpload.',
  ],
  wrong_region: ({ region }) => [`Der Bucket liegt nicht in der Region ${region}.`, 'Schreiben Sie seine Region in CARMIC_S3_REGION.'],
  unreachable: ({ bucket, endpoint, reason }) => [
    `Der Bucket ${bucket} bei ${endpoint} lässt sich nicht benutzen: „${reason}“`,
    'Sehen Sie nach CARMIC_S3_ENDPOINT, dem Netz und (bei einem eigenen Zertifikat) CARMIC_S3_CA_FILE.',
  ],
  clocks_agree: () => ['Die Uhren dieser Maschine und des Speichers stimmen überein.'],
  clocks_differ: ({ seconds }) => [
    `Die Uhren dieser Maschine und des Speichers gehen ${seconds} Sekunden auseinander: Links würden zu früh oder zu spät enden.`,
    clockRemedy,
  ],
  no_object_lock: () => ['Der Bucket hat keine Objektsperre: Was gelöscht wird, ist weg.'],
  object_lock: ({ bucket }) => [
    `Der Bucket ${bucket} hat eine Objektsperre: Was dort liegt, lässt sich nicht vor seiner Zeit löschen, und Carmic verspricht, dass Gelöschtes gelöscht ist.`,
    'Eine Objektsperre lässt sich von einem Bucket nicht entfernen. Legen Sie einen anderen ohne sie an, und nennen Sie ihn in CARMIC_S3_BUCKET.',
  ],
  no_versions: () => ['Der Bucket hebt keine Versionen auf.'],
  versions: () => ['Der Bucket hebt Versionen auf: Eine Löschung entfernt jede von ihnen und braucht dafür je Video eine Auflistung.'],
  nothing_expires: () => [
    'Keine Lebenszyklusregel des Buckets löscht Objekte: Allein die Tarife bestimmen, wie lange Inhalte aufbewahrt werden.',
  ],
  rule_expires: ({ rule }) => [
    `Die Lebenszyklusregel ${rule === '' ? 'ohne Namen' : `„${rule}“`} des Buckets löscht Objekte nach ihrem Alter, was immer der Tarif sagt.`,
    'Nehmen Sie die Regel weg, es sei denn, sie lässt unsere Objekte in Ruhe. Regeln, die unfertige Uploads beenden, können bleiben.',
  ],
  cors_unknown: () => ['Noch nicht geprüft: Es ist nicht bekannt, unter welcher Adresse die Oberfläche geöffnet wird (CARMIC_BASE_URL).'],
  cors_silent: ({ reason }) => [
    `Die Adresse des Speichers für Browser antwortet von hier nicht („${reason}“): Ob Uploads aus der Oberfläche gehen, ist nicht bekannt.`,
    'Sehen Sie noch einmal nach, wenn alles läuft; die Adresse ist CARMIC_S3_PUBLIC_ENDPOINT.',
  ],
  cors_refused: ({ origin, reason }) => [
    `Browser, in denen die Oberfläche unter ${origin} offen ist, dürfen nicht in den Speicher schreiben („${reason}“): Uploads aus der Oberfläche scheitern.`,
    'Lassen Sie die Adresse der Oberfläche zu. MinIO lässt jede Adresse zu, solange MINIO_API_CORS_ALLOW_ORIGIN nichts anderes sagt.',
  ],
  cors_allowed: ({ origins }) => [
    `Browser, in denen die Oberfläche unter ${origins} offen ist, dürfen in den Speicher schreiben und daraus lesen.`,
  ],
  encrypted: (values) => [`Ein neues Objekt liegt verschlüsselt im Speicher (${howOf(values)}: ${values['found']}).`],
  encryption_untold: () => [
    'R2 sagt nicht, ob ein Objekt verschlüsselt ist. In der Dokumentation von Cloudflare steht, dass es jedes ist, mit AES-256-GCM.',
    'Eine Verschlüsselung, die hier nachgeprüft wird, bekommen Sie mit eigenen Schlüsseln: CARMIC_S3_ENCRYPTION=sse-c.',
  ],
  not_encrypted: (values) => [
    `Ein neues Objekt liegt nicht verschlüsselt im Speicher (verlangt war ${howOf(values)}, der Speicher sagt ${values['found'] === '' ? 'nichts' : values['found']}).`,
    'Schalten Sie die Verschlüsselung des Buckets ein (MinIO braucht zuerst einen Schlüssel: MINIO_KMS_SECRET_KEY oder KES), oder setzen Sie CARMIC_S3_ENCRYPTION=sse-c.',
  ],
  own_key_needed: () => ['Ein neues Objekt ist nur mit seinem eigenen Schlüssel lesbar, den der Speicher nicht behält (SSE-C).'],
  own_key_ignored: () => [
    'Der Speicher gibt ein Objekt, das mit einem eigenen Schlüssel geschrieben wurde, auch ohne diesen Schlüssel heraus.',
    'Dieser Server beachtet SSE-C nicht: Nehmen Sie CARMIC_S3_ENCRYPTION=sse-s3 oder sse-kms, oder einen anderen Server.',
  ],
  not_public: () => ['Niemand kann Objekte ohne Signatur lesen oder auflisten.'],
  public: ({ bucket }) => [
    `Jeder kann Objekte des Buckets ${bucket} ohne Signatur lesen oder auflisten.`,
    'Nehmen Sie die öffentliche Richtlinie weg.',
  ],
  checksums_kept: () => ['Der Speicher prüft die SHA-256 jedes Teils und behält sie.'],
  checksums_missing: () => [
    'Der Speicher prüft die SHA-256 der Teile nicht oder behält sie nicht: Uploads ließen sich nicht nachprüfen.',
    'Nehmen Sie einen Server, der die Prüfsumme SHA-256 kann (Amazon S3, R2, MinIO, Ceph 20), oder legen Sie Objekte auf die Festplatte.',
  ],
  not_replaced: () => ['Ein verspätetes Schreiben kann ein Objekt nicht ersetzen, das schon da ist.'],
  replaced: () => [
    'Der Speicher lehnt es nicht ab, ein vorhandenes Objekt zu überschreiben: Ein Agent, der seine Aufgabe verlor, könnte seine eigene fertige Datei binnen einer halben Stunde ersetzen.',
    'Nehmen Sie einen Server, der If-None-Match beim Schreiben beachtet (Amazon S3, R2, MinIO).',
  ],
};

export const storage: typeof english = {
  storage: {
    nav: 'Speicher',
    title: 'Speicher',
    lead: 'Wo Dateien liegen, und ob dieser Ort ist, wie er sein muss.',
    again: 'Erneut prüfen',
    places: { disk: 'Auf der Festplatte dieses Servers, verschlüsselt', s3: 'In einem Bucket eines S3-Servers' },
    checkedAt: (time) => `Neu angesehen ${time}.`,
    allGood: (n) => `Alle ${number.format(n)} Prüfungen bestanden.`,
    someBad: (bad, all) => `${number.format(bad)} von ${number.format(all)} Prüfungen brauchen Ihre Aufmerksamkeit.`,
    stopsStart: 'So würde der Server nicht noch einmal starten.',
    listTitle: 'Prüfungen',
    name: (name) => {
      const own = name.replace(/^former_/, '');
      const words = checkNames[own] ?? own.replaceAll('_', ' ');
      return own === name ? words : `${words} (früherer Speicher)`;
    },
    found: ({ finding, passed, values }) => {
      const [message, remedy] = findings[finding](values);
      return { message, remedy: passed ? null : (remedy ?? null) };
    },
    states: { passed: 'In Ordnung', attention: 'Braucht Aufmerksamkeit', fatal: 'Verhindert den nächsten Start' },
    command: 'Befehl, der es behebt',
  },
};
