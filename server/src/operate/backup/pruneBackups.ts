/**
 * Keeps a place of backups small, and deletions final in it. Keeps: R6.
 *
 * The oldest snapshots go, then the objects that none of the others names. Objects that were deleted for good go whichever snapshot names them:
 * a restore leaves them out. A file younger than a day may belong to a backup that is being written, and stays unless it was deleted for good.
 */
import { readDeletions } from './deletions.ts';
import { listSnapshots, manifestPath, readObjectList, type Repository } from './repository.ts';

const youngMs = 24 * 3_600_000;

/** Removes what is not to be kept. Answers how much it was. */
export async function pruneBackups(repository: Repository, keep: number, now: Date): Promise<{ snapshots: number; objects: number }> {
  const { place } = repository;
  const all = await listSnapshots(place);
  const doomed = all.slice(0, Math.max(0, all.length - keep));
  for (const id of doomed) {
    // Without its manifest a snapshot does not exist, whatever happens next.
    await place.remove([manifestPath(id)]);
  }
  const kept = new Set(all.slice(doomed.length));
  const isDeleted = await readDeletions(repository);
  const wanted = new Set<string>();
  const deleted = new Set<string>();
  for (const id of kept) {
    for await (const object of readObjectList(repository, id)) {
      (isDeleted(object) ? deleted : wanted).add(object.file);
    }
  }
  const isYoung = (writtenAt: Date) => now.getTime() - writtenAt.getTime() < youngMs;
  const files: string[] = [];
  for await (const { path, writtenAt } of place.list('snapshots/')) {
    const id = path.split('/')[1] ?? '';
    if (!kept.has(id) && (doomed.includes(id) || !isYoung(writtenAt))) {
      files.push(path);
    }
  }
  let objects = 0;
  for await (const { path, writtenAt } of place.list('objects/')) {
    if (deleted.has(path) || (!wanted.has(path) && !isYoung(writtenAt))) {
      files.push(path);
      objects += 1;
    }
  }
  await place.remove(files);
  return { snapshots: doomed.length, objects };
}
