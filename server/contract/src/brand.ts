/** Brand kits: how a workspace's clips look. A kit is chosen at the upload or when a clip is rendered. */
import { z } from 'zod';
import { logoPlaceSchema } from './branding.ts';
import { captionLookSchema, captionStyleSchema } from './captions.ts';
import { idParamsSchema, idSchema, noContentSchema, secondsSchema, shareSchema, timeSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';

export const brandAssetKinds = ['font', 'logo', 'intro', 'outro'] as const;
export const brandAssetKindSchema = z
  .enum(brandAssetKinds)
  .describe('`intro` and `outro`: short videos that are played before and after a clip');
export type BrandAssetKind = z.infer<typeof brandAssetKindSchema>;

const kitLogoPlaceSchema = logoPlaceSchema.pick({ position: true, width: true, opacity: true });

/** Scripts whose letters a font is looked through for. */
export const brandScripts = [
  'latin',
  'latin_extended',
  'greek',
  'cyrillic',
  'arabic',
  'hebrew',
  'devanagari',
  'thai',
  'hangul',
  'kana',
] as const;

const fileSchema = z.object({
  sizeBytes: z.number().int(),
  url: z.string().describe('Short-lived'),
});

export const brandFontSchema = fileSchema.extend({
  family: z.string().describe('The name that stands in the file'),
  drawnAs: z.string().describe('The name under which captions draw it'),
  glyphCount: z.number().int(),
  coverage: z
    .array(z.object({ script: z.enum(brandScripts), share: shareSchema }))
    .describe('Which scripts it has letters of, and how many of them; scripts it has none of are left out'),
  licence: z.string().describe('What the file says of its licence; empty when it says nothing'),
  licenceNote: z.string().describe('Where the right to use it comes from, as a person wrote it'),
});
export type BrandFont = z.infer<typeof brandFontSchema>;

const pieceSchema = fileSchema.extend({
  durationSeconds: secondsSchema,
  width: z.number().int(),
  height: z.number().int(),
});

export const brandKitSchema = z.object({
  id: idSchema,
  name: z.string(),
  isDefault: z.boolean().describe('Taken for every clip for which nothing else is chosen'),
  captionStyle: captionStyleSchema.nullable().describe('Template that is taken where none is chosen; null: karaoke'),
  look: captionLookSchema.describe('What it changes about the template; the uploaded font goes before `font`'),
  logoPlace: kitLogoPlaceSchema,
  font: brandFontSchema.nullable(),
  logo: fileSchema.extend({ width: z.number().int(), height: z.number().int() }).nullable(),
  intro: pieceSchema.nullable(),
  outro: pieceSchema.nullable(),
  version: z.number().int().positive(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
export type BrandKit = z.infer<typeof brandKitSchema>;

const nameSchema = z.string().trim().min(1).max(80);
const changesSchema = z.object({
  name: nameSchema,
  isDefault: z.boolean(),
  captionStyle: captionStyleSchema.nullable(),
  look: captionLookSchema,
  logoPlace: kitLogoPlaceSchema,
});

export const createBrandKitBodySchema = changesSchema.partial().required({ name: true });
export const updateBrandKitBodySchema = changesSchema.partial().extend({
  removeAssets: z.array(brandAssetKindSchema).max(4).optional().describe('Files that are taken out of the kit and deleted'),
});

const contentSchema = (most: number) => z.base64().min(4).max(most);
export const putBrandAssetBodySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('font'),
    contentBase64: contentSchema(14_000_000).describe(
      'A TrueType or OpenType file. It is checked and written anew, without hinting and variations',
    ),
    licenceNote: z.string().trim().min(3).max(300).describe('Where the right to use it comes from'),
  }),
  z.object({ kind: z.literal('logo'), contentBase64: contentSchema(6_000_000).describe('A PNG. It is decoded and written anew') }),
  z.object({
    kind: z.enum(['intro', 'outro']),
    contentBase64: contentSchema(27_000_000).describe('An MP4 of at most 15 seconds'),
  }),
]);

/** Routes of brand kits. */
export const brandRoutes = {
  listBrandKits: route({
    method: 'GET',
    path: '/api/v1/brand-kits',
    summary: 'Brand kits of the workspace, by name',
    policy: 'viewer',
    reply: z.object({ items: z.array(brandKitSchema) }),
    status: 200,
  }),
  createBrandKit: route({
    method: 'POST',
    path: '/api/v1/brand-kits',
    summary: 'Make a brand kit',
    policy: 'editor',
    body: createBrandKitBodySchema,
    reply: brandKitSchema,
    status: 201,
  }),
  getBrandKit: route({
    method: 'GET',
    path: '/api/v1/brand-kits/:id',
    summary: 'One brand kit',
    policy: 'viewer',
    params: idParamsSchema,
    reply: brandKitSchema,
    status: 200,
    hasEtag: true,
  }),
  updateBrandKit: route({
    method: 'PATCH',
    path: '/api/v1/brand-kits/:id',
    summary: 'Change a brand kit',
    policy: 'editor',
    params: idParamsSchema,
    body: updateBrandKitBodySchema,
    reply: brandKitSchema,
    status: 200,
    hasEtag: true,
  }),
  deleteBrandKit: route({
    method: 'DELETE',
    path: '/api/v1/brand-kits/:id',
    summary: 'Delete a brand kit with its files; refused while something is rendered with it',
    policy: 'editor',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  putBrandAsset: route({
    method: 'PUT',
    path: '/api/v1/brand-kits/:id/assets',
    summary: 'Put a font, logo, intro or outro into a brand kit, in the place of the one before',
    policy: 'editor',
    params: idParamsSchema,
    body: putBrandAssetBodySchema,
    reply: brandKitSchema,
    status: 200,
    hasEtag: true,
    bodyLimitBytes: 28 * 1024 * 1024,
  }),
} as const satisfies Record<string, RouteDefinition>;
