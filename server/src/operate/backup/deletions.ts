/** The journal of deletions in a place of backups, and what of a backup it has made void. Keeps: R6. */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type JournalEntry, parseJournalEntry } from '../../retention/erasure/journal.ts';
import { keys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import { type ListedInBackup, readSealed, type Repository, requireSealed, writeSealed } from './repository.ts';

/** Copies entries that the place does not have yet. Answers how many. */
export async function copyJournal(store: ObjectStore, repository: Repository): Promise<number> {
  const there = new Set<string>();
  for await (const { path } of repository.place.list('journal/')) {
    there.add(path);
  }
  let copied = 0;
  for await (const { key } of store.list(keys.journalPrefix())) {
    if (!there.has(key)) {
      const { stream } = await store.get(key);
      await writeSealed(repository, key, stream);
      copied += 1;
    }
  }
  return copied;
}

/** Puts entries back that the store does not have. Answers how many. */
export async function restoreJournal(repository: Repository, store: ObjectStore): Promise<number> {
  let restored = 0;
  for await (const { path } of repository.place.list('journal/')) {
    const entry = await readSealed(repository, path);
    if (entry !== null && (await store.head(path)) === null) {
      const content = Buffer.from(await text(Readable.from(entry)));
      await store.put(path, content, { contentType: 'application/json', maxBytes: content.length });
      restored += 1;
    }
  }
  return restored;
}

/** Tells whether an object of a backup was deleted for good since. */
export async function readDeletions(repository: Repository): Promise<(object: ListedInBackup) => boolean> {
  const gone = new Set<string>();
  const add = ({ videoIds, renditionIds, clipIds, brandFileIds, kitIds }: JournalEntry) => {
    for (const id of [...videoIds, ...renditionIds, ...clipIds, ...brandFileIds, ...kitIds]) {
      gone.add(id);
    }
  };
  for await (const { path } of repository.place.list('journal/')) {
    add(parseJournalEntry(await text(Readable.from(await requireSealed(repository, path)))));
  }
  return ({ key, objectId, videoId, renditionId, clipId }) => {
    const parsed = keys.parse(key);
    const kitId = parsed.kind === 'brand' ? parsed.kitId : null;
    return [objectId, videoId, renditionId, clipId, kitId].some((id) => id !== null && gone.has(id));
  };
}
