import { expect, it } from 'vitest';
import { storageUses } from './storageUses.ts';

it('gathers kinds of objects into what people know of, largest first, and leaves nothing out', () => {
  const kinds = { source: 500, video: 300, cover: 1, proxy: 80, srt: 2, vtt: 3, brand_logo: 9, invented_later: 4, audio: 0 };
  const uses = storageUses(Object.entries(kinds).map(([kind, bytes]) => ({ kind, bytes })));
  expect(uses).toEqual([
    { use: 'sources', bytes: 500 },
    { use: 'clips', bytes: 301 },
    { use: 'copies', bytes: 80 },
    { use: 'brands', bytes: 9 },
    { use: 'words', bytes: 5 },
    { use: 'other', bytes: 4 },
  ]);
});
