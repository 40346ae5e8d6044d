/** Puts a file into a brand kit: checked and written anew before a byte of it is stored, counted in the workspace's storage, swapped at once. */
import { createHash } from 'node:crypto';
import type { BrandAssetKind, BrandKit, RouteInput } from '@carmic/contract';
import { newId } from '../../core/ids.ts';
import type { Deps } from '../../deps.ts';
import type { Person } from '../../http/request.ts';
import { StoredObjects } from '../../library/model.ts';
import { confirmObject, enqueueRemoval } from '../../library/storedObjects.ts';
import { requireRoom } from '../../plans/quota.ts';
import { keys } from '../../storage/keys.ts';
import { checkFont } from './fontFile.ts';
import { contentOfKit, dropAsset, type DropFiles, fontFamilyOf, loadKit, saveKit, sealFacts } from './kits.ts';
import { checkLogo } from './logoFile.ts';
import { checkPiece } from './pieceFile.ts';

const contentTypes: Readonly<Record<BrandAssetKind, string>> = { font: 'font/ttf', logo: 'image/png', intro: 'video/mp4', outro: 'video/mp4' };

type Body = RouteInput<'putBrandAsset'>['body'];

function check(body: Body, objectId: string): { bytes: Buffer; facts: object } {
  const bytes = Buffer.from(body.contentBase64, 'base64');
  if (body.kind === 'font') {
    const { bytes: written, ...facts } = checkFont(bytes, fontFamilyOf(objectId));
    return { bytes: written, facts: { ...facts, licenceNote: body.licenceNote } };
  }
  if (body.kind === 'logo') {
    const { bytes: written, ...facts } = checkLogo(bytes);
    return { bytes: written, facts };
  }
  return { bytes, facts: checkPiece(bytes) };
}

/** Stores a file of a kit. Throws not_found, precondition_failed, invalid_input with what is wrong with the file, quota_exceeded. */
export async function putAsset(
  deps: Deps,
  person: Person,
  kitId: string,
  body: Body,
  { checkMatch, drop }: { checkMatch: (version: string) => void; drop: DropFiles },
): Promise<BrandKit> {
  const { db, store, clock } = deps;
  const { workspaceId } = person;
  await db.inWorkspace(workspaceId, async (tx) => checkMatch(String((await loadKit(deps, tx, kitId)).version)));
  const objectId = newId();
  const { bytes, facts } = check(body, objectId);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key = keys.brand(workspaceId, kitId, objectId);
  const contentType = contentTypes[body.kind];
  await db.inWorkspace(workspaceId, async (tx) => {
    await requireRoom(deps, tx, workspaceId, bytes.length);
    await db.model(StoredObjects).create(
      {
        ...{ id: objectId, workspaceId, videoId: null, key, kind: `brand_${body.kind}`, state: 'pending', contentType },
        ...{ sizeBytes: bytes.length, createdAt: clock.now() },
      },
      { transaction: tx },
    );
  });
  try {
    await store.put(key, bytes, { contentType, maxBytes: bytes.length, expected: { sizeBytes: bytes.length, sha256 } });
    return await db.inWorkspace(workspaceId, async (tx) => {
      const row = await loadKit(deps, tx, kitId);
      checkMatch(String(row.version));
      await dropAsset(deps, tx, row, body.kind, drop);
      await confirmObject(deps, tx, objectId, { sizeBytes: bytes.length, sha256 });
      await db.change(
        tx,
        `INSERT INTO brand_assets (workspace_id, kit_id, kind, object_id, facts_sealed, created_at)
         VALUES (:workspaceId, :kitId, :kind, :objectId, :facts, :now)`,
        { workspaceId, kitId, kind: body.kind, objectId, facts: sealFacts(deps, objectId, facts), now: clock.now() },
      );
      return saveKit(deps, tx, person, row, { content: contentOfKit(deps, row), isDefault: row.is_default });
    });
  } catch (error) {
    await db.inWorkspace(workspaceId, (tx) =>
      db.model(StoredObjects).update({ state: 'deleting' }, { where: { id: objectId, state: 'pending' }, transaction: tx }),
    );
    enqueueRemoval(deps);
    throw error;
  }
}
