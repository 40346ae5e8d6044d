/**
 * The names of stored objects. Keys are built here and nowhere else, from generated ids and fixed names only, so that no name a
 * person chose ever becomes part of a path, and every key says whose it is.
 */
import { type OutputName, outputNames } from '@carmic/contract';
import { StorageError } from './storageError.ts';

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const uuidPattern = new RegExp(`^${uuid}$`);
const sourcePattern = new RegExp(`^w/(${uuid})/v/(${uuid})/source$`);
const outputPattern = new RegExp(`^w/(${uuid})/v/(${uuid})/t/(${uuid})/([1-9][0-9]{0,5})/(${outputNames.join('|')})$`);
const documentPattern = new RegExp(`^w/(${uuid})/v/(${uuid})/(transcript|captions)/(${uuid})$`);
const brandPattern = new RegExp(`^w/(${uuid})/b/(${uuid})/(${uuid})$`);
const day = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const journalPattern = new RegExp(`^journal/(${day})/(${uuid})$`);
const archivePattern = new RegExp(`^archives/(${uuid})$`);
const probePattern = new RegExp(`^probe/(${uuid})$`);
const journalPrefixPattern = new RegExp(`^(?:journal/(?:${day}/)?|archives/)$`);
const prefixPattern = new RegExp(`^(?:w/(?:${uuid}/(?:b/(?:${uuid}/)?|v/(?:${uuid}/(?:t/(?:${uuid}/(?:[1-9][0-9]{0,5}/)?)?)?)?)?)?)?$`);

/** What a key says: whose object it is and what it holds. */
export type ParsedKey =
  | { kind: 'source'; workspaceId: string; videoId: string }
  | { kind: 'output'; workspaceId: string; videoId: string; taskId: string; attempt: number; name: OutputName }
  | { kind: 'transcript' | 'captions'; workspaceId: string; videoId: string; objectId: string }
  | { kind: 'brand'; workspaceId: string; kitId: string; objectId: string }
  | { kind: 'journal'; day: string; erasureId: string }
  | { kind: 'archive'; archiveId: string }
  | { kind: 'probe'; probeId: string };

/** Builds and reads the keys of stored objects; everything that is not such a key is refused with `invalid_key`. */
export const keys = {
  /** The video as it was uploaded. */
  source: (workspaceId: string, videoId: string) => `w/${id(workspaceId)}/v/${id(videoId)}/source`,
  /** One file a media task delivers in one attempt. */
  output: (workspaceId: string, videoId: string, taskId: string, attempt: number, name: OutputName) =>
    checked(`w/${id(workspaceId)}/v/${id(videoId)}/t/${id(taskId)}/${attempt}/${name}`),
  /** A transcript document; `objectId` is the id of its row. */
  transcript: (workspaceId: string, videoId: string, objectId: string) =>
    `w/${id(workspaceId)}/v/${id(videoId)}/transcript/${id(objectId)}`,
  /** A caption file as it was supplied; `objectId` is the id of its row. */
  captions: (workspaceId: string, videoId: string, objectId: string) => `w/${id(workspaceId)}/v/${id(videoId)}/captions/${id(objectId)}`,
  /** A file of a brand kit; `objectId` is the id of its row. */
  brand: (workspaceId: string, kitId: string, objectId: string) => `w/${id(workspaceId)}/b/${id(kitId)}/${id(objectId)}`,
  /** What has to be deleted again after the database was put back from a backup; `day` is a UTC day, 2026-03-01. */
  journal: (journalDay: string, erasureId: string) => checked(`journal/${journalDay}/${id(erasureId)}`),
  /** An archive of a person's data. */
  archive: (archiveId: string) => `archives/${id(archiveId)}`,
  /** A throw-away object with which a start-up check tries the store. */
  probe: (probeId: string) => `probe/${id(probeId)}`,

  /** The start of every key of customers' content. */
  allPrefix: () => 'w/',
  /** The start of the journal of deletions, or of one day of it. */
  journalPrefix: (journalDay?: string) => checkedPrefix(journalDay === undefined ? 'journal/' : `journal/${journalDay}/`),
  /** The start of every archive of a person's data. */
  archivesPrefix: () => 'archives/',
  /** The start of every key of a workspace. */
  workspacePrefix: (workspaceId: string) => `w/${id(workspaceId)}/`,
  /** The start of every key of the brand kit whose file has this key. */
  brandPrefixOf: (key: string) => checkedPrefix(key.slice(0, key.lastIndexOf('/') + 1)),
  /** The start of every key of a video. */
  videoPrefix: (workspaceId: string, videoId: string) => `w/${id(workspaceId)}/v/${id(videoId)}/`,
  /** The start of every key a media task ever delivered. */
  taskPrefix: (workspaceId: string, videoId: string, taskId: string) => `w/${id(workspaceId)}/v/${id(videoId)}/t/${id(taskId)}/`,
  /** The start of every key of one attempt of a media task. */
  attemptPrefix: (workspaceId: string, videoId: string, taskId: string, attempt: number) =>
    checkedPrefix(`w/${id(workspaceId)}/v/${id(videoId)}/t/${id(taskId)}/${attempt}/`),

  parse: parseKey,
  /** Returns `prefix` when it ends where a part of a key ends, so that one id is never taken for the start of another. */
  parsePrefix: checkedPrefix,
};

function id(value: string): string {
  if (!uuidPattern.test(value)) {
    throw new StorageError('invalid_key', 'An object key is built from generated ids only.');
  }
  return value;
}

function checked(key: string): string {
  parseKey(key);
  return key;
}

function checkedPrefix(prefix: string): string {
  if (!prefixPattern.test(prefix) && !journalPrefixPattern.test(prefix)) {
    throw new StorageError('invalid_key', 'This is not the start of an object key.');
  }
  return prefix;
}

function parseKey(key: string): ParsedKey {
  const source = sourcePattern.exec(key);
  if (source !== null) {
    const [, workspaceId = '', videoId = ''] = source;
    return { kind: 'source', workspaceId, videoId };
  }
  const output = outputPattern.exec(key);
  if (output !== null) {
    const [, workspaceId = '', videoId = '', taskId = '', attempt = '', name = ''] = output;
    return { kind: 'output', workspaceId, videoId, taskId, attempt: Number(attempt), name: name as OutputName };
  }
  const document = documentPattern.exec(key);
  if (document !== null) {
    const [, workspaceId = '', videoId = '', kind = '', objectId = ''] = document;
    return { kind: kind as 'transcript' | 'captions', workspaceId, videoId, objectId };
  }
  const brand = brandPattern.exec(key);
  if (brand !== null) {
    const [, workspaceId = '', kitId = '', objectId = ''] = brand;
    return { kind: 'brand', workspaceId, kitId, objectId };
  }
  const journal = journalPattern.exec(key);
  if (journal !== null) {
    const [, journalDay = '', erasureId = ''] = journal;
    return { kind: 'journal', day: journalDay, erasureId };
  }
  const archive = archivePattern.exec(key);
  if (archive !== null) {
    return { kind: 'archive', archiveId: archive[1] ?? '' };
  }
  const probe = probePattern.exec(key);
  if (probe !== null) {
    return { kind: 'probe', probeId: probe[1] ?? '' };
  }
  throw new StorageError('invalid_key', 'This is not an object key.');
}
