/** Brand kits of a workspace: what they say is sealed in their rows, their files are stored objects that belong to no video. Keeps: S1, S4. */
import type { BrandAssetKind, BrandKit, RouteInput } from '@carmic/contract';
import { brandFontSchema, brandKitSchema } from '@carmic/contract';
import { z } from 'zod';
import { requireFeature } from '../../accounts/planAllows.ts';
import { conflict, notFound, wrongState } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { Person } from '../../http/request.ts';
import { mediaUrl } from '../../library/mediaUrls.ts';

const contentSchema = brandKitSchema.pick({ name: true, captionStyle: true, look: true, logoPlace: true });
export type KitContent = z.infer<typeof contentSchema>;

/** What is known of each kind of file beside its size. */
const factsSchemas = {
  font: brandFontSchema.omit({ sizeBytes: true, url: true, drawnAs: true }),
  logo: z.object({ width: z.number(), height: z.number() }),
  intro: z.object({ durationSeconds: z.number(), width: z.number(), height: z.number() }),
  outro: z.object({ durationSeconds: z.number(), width: z.number(), height: z.number() }),
} as const;

/** A row of `brand_kits`. */
export interface KitRow {
  id: string;
  workspace_id: string;
  content_sealed: Buffer;
  is_default: boolean;
  version: number;
  created_at: Date;
  updated_at: Date;
}

/** A file of a kit with the object that holds it. */
export interface AssetRow {
  kit_id: string;
  kind: BrandAssetKind;
  object_id: string;
  facts_sealed: Buffer;
  key: string;
  content_type: string;
  size_bytes: string;
}

/** Files that leave brand kits of a workspace, and kits that go with all of theirs. */
export interface DroppedFiles {
  workspaceId: string;
  kitIds: readonly string[];
  objectIds: readonly string[];
}
/** Deletes them for good: what a deletion is stands above this folder. */
export type DropFiles = (tx: Tx, files: DroppedFiles) => Promise<void>;

const mostKits = 50;
const contentContext = (id: string) => `brand_kits.content:${id}`;
const factsContext = (objectId: string) => `brand_assets.facts:${objectId}`;

/** The family that captions name: generated, so that no name of a file gets into a caption file, and never that of another font. */
export const fontFamilyOf = (objectId: string): string => `Brand ${objectId.replaceAll('-', '').slice(-12)}`;

/** Seals what is known of a file. */
export const sealFacts = (deps: Deps, objectId: string, facts: unknown): Buffer =>
  deps.sealer.seal(factsContext(objectId), JSON.stringify(facts));

/** What a kit says. */
export const contentOfKit = (deps: Deps, row: KitRow): KitContent =>
  contentSchema.parse(JSON.parse(deps.sealer.open(contentContext(row.id), row.content_sealed)));

/** The kit of this workspace. Throws not_found. */
export async function loadKit(deps: Deps, tx: Tx, id: string): Promise<KitRow> {
  const [row] = await deps.db.rows<KitRow>(tx, 'SELECT * FROM brand_kits WHERE id = :id FOR UPDATE', { id });
  if (row === undefined) {
    throw notFound('brand kit');
  }
  return row;
}

/** The files of kits. */
export async function assetsOf(deps: Deps, tx: Tx, kitIds: readonly string[]): Promise<AssetRow[]> {
  if (kitIds.length === 0) {
    return [];
  }
  return deps.db.rows<AssetRow>(
    tx,
    `SELECT a.kit_id, a.kind, a.object_id, a.facts_sealed, o.key, o.content_type, o.size_bytes
     FROM brand_assets a JOIN stored_objects o ON o.id = a.object_id AND o.state = 'ready' WHERE a.kit_id IN (:kitIds)`,
    { kitIds },
  );
}

async function presentKits(deps: Deps, tx: Tx, rows: readonly KitRow[]): Promise<BrandKit[]> {
  const assets = await assetsOf(
    deps,
    tx,
    rows.map((row) => row.id),
  );
  return rows.map((row) => {
      const read = <K extends BrandAssetKind>(kind: K) => {
        const asset = assets.find((each) => each.kit_id === row.id && each.kind === kind);
        if (asset === undefined) {
          return null;
        }
        const facts = factsSchemas[kind].parse(JSON.parse(deps.sealer.open(factsContext(asset.object_id), asset.facts_sealed)));
        const url = mediaUrl(deps, { key: asset.key, contentType: asset.content_type });
        return { ...(facts as z.infer<(typeof factsSchemas)[K]>), objectId: asset.object_id, sizeBytes: Number(asset.size_bytes), url };
      };
      const font = read('font');
      return {
        id: row.id,
        ...contentOfKit(deps, row),
        isDefault: row.is_default,
        font: font && { ...font, drawnAs: fontFamilyOf(font.objectId) },
        logo: read('logo'),
        intro: read('intro'),
        outro: read('outro'),
        version: row.version,
        createdAt: row.created_at.toISOString(),
        updatedAt: row.updated_at.toISOString(),
      };
    });
}

/** One kit as its workspace sees it. */
export async function presentKit(deps: Deps, tx: Tx, row: KitRow): Promise<BrandKit> {
  const [kit] = await presentKits(deps, tx, [row]);
  if (kit === undefined) {
    throw new Error('One brand kit presents as one reply.');
  }
  return kit;
}

/** All kits of the workspace, by name. */
export async function listKits(deps: Deps, tx: Tx): Promise<BrandKit[]> {
  const rows = await deps.db.rows<KitRow>(tx, 'SELECT * FROM brand_kits ORDER BY created_at, id LIMIT :mostKits', { mostKits });
  return (await presentKits(deps, tx, rows)).sort((a, b) => a.name.localeCompare(b.name));
}

/** Makes a kit. Throws conflict when the workspace has as many as it may. */
export async function createKit(deps: Deps, tx: Tx, person: Person, body: RouteInput<'createBrandKit'>['body']): Promise<BrandKit> {
  const { db, clock, sealer } = deps;
  const { workspaceId, userId } = person;
  await requireFeature(deps, tx, workspaceId, 'brandKits');
  const [counted] = await db.rows<{ count: string }>(tx, 'SELECT count(*) AS count FROM brand_kits', {});
  if (Number(counted?.count ?? 0) >= mostKits) {
    throw conflict(`A workspace can have ${mostKits} brand kits. Delete one that is not used any more.`);
  }
  const id = newId();
  const content: KitContent = contentSchema.parse({
    name: body.name,
    captionStyle: body.captionStyle ?? null,
    look: body.look ?? {},
    logoPlace: body.logoPlace ?? {},
  });
  if (body.isDefault === true) {
    await clearDefault(deps, tx, workspaceId, id);
  }
  await db.change(
    tx,
    `INSERT INTO brand_kits (id, workspace_id, content_sealed, is_default, created_by, created_at, updated_at)
     VALUES (:id, :workspaceId, :sealed, :isDefault, :userId, :now, :now)`,
    {
      id,
      workspaceId,
      sealed: sealer.seal(contentContext(id), JSON.stringify(content)),
      isDefault: body.isDefault ?? false,
      userId,
      now: clock.now(),
    },
  );
  await deps.appendEvent(tx, { workspaceId, type: 'brand_kit.created', subjectId: id, actorId: userId });
  return presentKit(deps, tx, await loadKit(deps, tx, id));
}

/** Changes a kit, and takes files out of it. */
export async function updateKit(
  deps: Deps,
  tx: Tx,
  person: Person,
  row: KitRow,
  body: RouteInput<'updateBrandKit'>['body'],
  drop: DropFiles,
): Promise<BrandKit> {
  const { isDefault, removeAssets = [], ...changes } = body;
  const before = contentOfKit(deps, row);
  const content = contentSchema.parse({ ...before, ...changes });
  if (isDefault === true) {
    await clearDefault(deps, tx, row.workspace_id, row.id);
  }
  for (const kind of removeAssets) {
    await dropAsset(deps, tx, row, kind, drop);
  }
  return saveKit(deps, tx, person, row, { content, isDefault: isDefault ?? row.is_default });
}

/** Writes a kit's next version. */
export async function saveKit(
  deps: Deps,
  tx: Tx,
  person: Person,
  row: KitRow,
  next: { content: KitContent; isDefault: boolean },
): Promise<BrandKit> {
  await deps.db.change(
    tx,
    'UPDATE brand_kits SET content_sealed = :sealed, is_default = :isDefault, version = version + 1, updated_at = :now WHERE id = :id',
    {
      id: row.id,
      sealed: deps.sealer.seal(contentContext(row.id), JSON.stringify(next.content)),
      isDefault: next.isDefault,
      now: deps.clock.now(),
    },
  );
  await deps.appendEvent(tx, { workspaceId: row.workspace_id, type: 'brand_kit.updated', subjectId: row.id, actorId: person.userId });
  return presentKit(deps, tx, await loadKit(deps, tx, row.id));
}

async function clearDefault(deps: Deps, tx: Tx, workspaceId: string, exceptId: string): Promise<void> {
  await deps.db.change(
    tx,
    'UPDATE brand_kits SET is_default = false, version = version + 1 WHERE workspace_id = :workspaceId AND is_default AND id <> :exceptId',
    { workspaceId, exceptId },
  );
}

/** Takes a file out of a kit and deletes it. */
export async function dropAsset(deps: Deps, tx: Tx, row: KitRow, kind: BrandAssetKind, drop: DropFiles): Promise<void> {
  const assets = await deps.db.rows<{ object_id: string }>(tx, 'SELECT object_id FROM brand_assets WHERE kit_id = :kitId AND kind = :kind', {
    kitId: row.id,
    kind,
  });
  if (assets.length > 0) {
    await drop(tx, { workspaceId: row.workspace_id, kitIds: [], objectIds: assets.map((asset) => asset.object_id) });
  }
}

/** Deletes a kit with its files. Throws wrong_state while something is being made with it. */
export async function deleteKit(deps: Deps, tx: Tx, row: KitRow, drop: DropFiles): Promise<void> {
  const { db } = deps;
  const [busy] = await db.rows<{ renditions: string; videos: string }>(
    tx,
    `SELECT (SELECT count(*) FROM renditions WHERE brand_kit_id = :id AND state IN ('queued', 'rendering', 'verifying')) AS renditions,
       (SELECT count(*) FROM videos WHERE deleted_at IS NULL AND state NOT IN ('ready', 'failed') AND options ->> 'brandKitId' = :id) AS videos`,
    { id: row.id },
  );
  const [renditions, videos] = [Number(busy?.renditions ?? 0), Number(busy?.videos ?? 0)];
  if (renditions + videos > 0) {
    const parts = [
      ...(renditions > 0 ? [`${renditions} ${renditions === 1 ? 'clip is' : 'clips are'} being rendered with it`] : []),
      ...(videos > 0 ? [`${videos} ${videos === 1 ? 'video waits' : 'videos wait'} for clips that use it`] : []),
    ];
    throw wrongState(`This brand kit is in use: ${parts.join(', and ')}. Wait until that is done, or cancel it. Finished clips stay as they are.`);
  }
  await drop(tx, { workspaceId: row.workspace_id, kitIds: [row.id], objectIds: [] });
}
