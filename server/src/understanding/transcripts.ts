import { type TranscriptDocument, transcriptDocumentSchema } from '@carmic/contract';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { StoredObjects } from '../library/model.ts';
import { readJsonObject } from '../library/readObject.ts';
import { confirmObject, discardObjects, expectObject } from '../library/storedObjects.ts';
import { keys } from '../storage/keys.ts';
import { applyEdits, readEdits } from './edits/transcriptEdits.ts';
import { type TranscriptRow, Transcripts } from './model.ts';

const maxTranscriptBytes = 64 * 1024 * 1024;

/** Stores the words of a video and their row, replacing an earlier transcript in the same language. */
export async function storeTranscript(deps: Deps, video: { id: string; workspaceId: string }, document: TranscriptDocument): Promise<void> {
  const { db, store } = deps;
  const objectId = newId();
  const key = keys.transcript(video.workspaceId, video.id, objectId);
  await db.inWorkspace(video.workspaceId, (tx) =>
    expectObject(deps, tx, {
      id: objectId,
      workspaceId: video.workspaceId,
      videoId: video.id,
      key,
      kind: 'transcript',
      contentType: 'application/json',
    }),
  );
  const stored = await store.put(key, Buffer.from(JSON.stringify(document)), {
    contentType: 'application/json',
    maxBytes: maxTranscriptBytes,
  });
  await db.inWorkspace(video.workspaceId, async (tx) => {
    await confirmObject(deps, tx, objectId, stored);
    await saveTranscriptRow(deps, tx, video, { ...document, wordCount: document.words.length, objectId });
  });
}

/** Writes the row of a stored transcript and says so. */
export async function saveTranscriptRow(
  deps: Deps,
  tx: Tx,
  video: { id: string; workspaceId: string },
  facts: { language: string; engine: string; wordCount: number; objectId: string },
): Promise<void> {
  const { db, appendEvent } = deps;
  await db.model(Transcripts).destroy({ where: { videoId: video.id }, transaction: tx });
  const { language, engine, wordCount, objectId } = facts;
  await db
    .model(Transcripts)
    .create({ id: newId(), workspaceId: video.workspaceId, videoId: video.id, language, engine, wordCount, objectId }, { transaction: tx });
  // Keeps: A4. The audio was made for transcription only.
  await discardObjects(deps, tx, { videoId: video.id, kind: 'audio' });
  await appendEvent(tx, { workspaceId: video.workspaceId, type: 'transcript.ready', videoId: video.id, data: { engine, wordCount } });
}

/** The transcript row of a video, or null. */
export function findTranscript(deps: Deps, tx: Tx, videoId: string): Promise<TranscriptRow | null> {
  return deps.db.model(Transcripts).findOne({ where: { videoId }, transaction: tx });
}

/** Reads the words of a transcript as they were heard. */
export async function readHeard(deps: Deps, tx: Tx, row: TranscriptRow): Promise<TranscriptDocument> {
  const object = await deps.db.model(StoredObjects).findByPk(row.objectId, { transaction: tx, rejectOnEmpty: true });
  return readJsonObject(deps, object, transcriptDocumentSchema);
}

/** Reads the words of a transcript with what people corrected and how they named the speakers: what everything is made from. */
export async function readTranscript(deps: Deps, tx: Tx, row: TranscriptRow): Promise<TranscriptDocument> {
  const { language, engine, words } = applyEdits(await readHeard(deps, tx, row), row.objectId, await readEdits(deps, tx, row.videoId));
  return { language, engine, words: words.map(({ word }) => word) };
}
