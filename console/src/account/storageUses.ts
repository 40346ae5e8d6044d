const groups = {
  sources: ['source'],
  clips: ['video', 'cover', 'cover2', 'cover3'],
  copies: ['proxy', 'thumbnail', 'analysis', 'audio'],
  words: ['captions', 'transcript', 'srt', 'vtt', 'ass', 'words'],
  brands: ['brand_font', 'brand_logo', 'brand_intro', 'brand_outro'],
} as const;

export type StorageUse = keyof typeof groups | 'other';

/** What a workspace's storage is used by, largest first: kinds of objects gathered into what people know of. */
export function storageUses(byKind: readonly { kind: string; bytes: number }[]): { use: StorageUse; bytes: number }[] {
  const sums = new Map<StorageUse, number>();
  for (const { kind, bytes } of byKind) {
    const found = Object.entries(groups).find(([, kinds]) => (kinds as readonly string[]).includes(kind));
    const use = (found?.[0] ?? 'other') as StorageUse;
    sums.set(use, (sums.get(use) ?? 0) + bytes);
  }
  return [...sums]
    .map(([use, bytes]) => ({ use, bytes }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}
