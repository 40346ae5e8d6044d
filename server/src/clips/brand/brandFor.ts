/** The brand kit of a rendition: which one it is, and what an agent gets of it. */
import { createHash } from 'node:crypto';
import type { BrandAssetKind, CaptionLook, CaptionStyle, RenderSpec } from '@carmic/contract';
import { agentInput } from '../../agents/taskSpec.ts';
import { notFound } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { type AssetRow, assetsOf, contentOfKit, fontFamilyOf, type KitContent, type KitRow } from './kits.ts';

/** A kit with its files. */
export interface Brand extends KitContent {
  id: string;
  assets: ReadonlyMap<BrandAssetKind, AssetRow>;
}

/** A kit as it is now; null when it was deleted. */
export async function findBrand(deps: Deps, tx: Tx, id: string): Promise<Brand | null> {
  const [row] = await deps.db.rows<KitRow>(tx, 'SELECT * FROM brand_kits WHERE id = :id', { id });
  if (row === undefined) {
    return null;
  }
  const assets = await assetsOf(deps, tx, [id]);
  return { ...contentOfKit(deps, row), id, assets: new Map(assets.map((asset) => [asset.kind, asset])) };
}

/**
 * The kit that was chosen, here or for the video: an id, or null for none. Without a choice the workspace's default, if it has one. Throws
 * not_found for a kit that is asked for by name and is not there; one that only the video names may have been deleted since.
 */
export async function chooseBrand(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  asked: string | null | undefined,
  ofVideo: string | null | undefined,
): Promise<Brand | null> {
  if (asked !== undefined) {
    const brand = asked === null ? null : await findBrand(deps, tx, asked);
    if (asked !== null && brand === null) {
      throw notFound('brand kit');
    }
    return brand;
  }
  if (ofVideo !== undefined) {
    return ofVideo === null ? null : findBrand(deps, tx, ofVideo);
  }
  const [row] = await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM brand_kits WHERE workspace_id = :workspaceId AND is_default', {
    workspaceId,
  });
  return row === undefined ? null : findBrand(deps, tx, row.id);
}

/** Tells looks apart: what decides how a clip looks, and not what the kit is called. */
export function brandHash({ look, logoPlace, assets }: Brand): string {
  const files = [...assets.values()].map((asset) => asset.object_id).sort();
  return createHash('sha256').update(JSON.stringify([look, logoPlace, files])).digest('hex');
}

/** The template of a kit, where none was chosen. */
export const styleOf = (brand: Brand | null): CaptionStyle | undefined => brand?.captionStyle ?? undefined;

/** Captions in the look of a brand; what was chosen for this rendition goes before it. */
export async function withBrand(deps: Deps, captions: RenderSpec['captions'], brand: Brand | null): Promise<RenderSpec['captions']> {
  if (captions === null || brand === null) {
    return captions;
  }
  const look: CaptionLook = { ...brand.look, ...captions.look };
  const font = brand.assets.get('font');
  if (font === undefined || captions.look?.font !== undefined) {
    return { ...captions, look };
  }
  const file = await agentInput(deps, { key: font.key, contentType: font.content_type, sizeBytes: Number(font.size_bytes) });
  return { ...captions, look, font: { family: fontFamilyOf(font.object_id), file } };
}

/** Logo, intro and outro of a brand; undefined when it has none of them. */
export async function brandingFor(deps: Deps, brand: Brand | null): Promise<RenderSpec['branding']> {
  const file = async (kind: BrandAssetKind) => {
    const asset = brand?.assets.get(kind);
    return asset === undefined
      ? undefined
      : agentInput(deps, { key: asset.key, contentType: asset.content_type, sizeBytes: Number(asset.size_bytes) });
  };
  const [logo, intro, outro] = [await file('logo'), await file('intro'), await file('outro')];
  if (brand === null || (logo ?? intro ?? outro) === undefined) {
    return undefined;
  }
  return {
    ...(logo && { logo: { ...brand.logoPlace, fromSeconds: 0, durationSeconds: null, file: logo } }),
    ...(intro && { intro: { file: intro, durationSeconds: null } }),
    ...(outro && { outro: { file: outro, durationSeconds: null } }),
  };
}
