import type { Clip, CoverChoice, Video } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { keepClipMedia, keepVideoMedia } from './keepMedia.ts';

const build = (media: Video['media'], id = 'v'): Video => ({ id, media }) as Video;

describe('media URLs across answers', () => {
  it('stay while a newer answer only signs them anew', () => {
    const kept = keepVideoMedia(build({ proxyUrl: '/p?1', thumbnailUrl: null }), build({ proxyUrl: '/p?2', thumbnailUrl: '/t?2' }));
    expect(kept.media).toEqual({ proxyUrl: '/p?1', thumbnailUrl: '/t?2' });
  });

  it('go when the content is gone', () => {
    const kept = keepVideoMedia(build({ proxyUrl: '/p?1', thumbnailUrl: '/t' }), build({ proxyUrl: null, thumbnailUrl: null }));
    expect(kept.media).toEqual({ proxyUrl: null, thumbnailUrl: null });
  });

  it('are never taken from another video', () => {
    const after = build({ proxyUrl: '/b', thumbnailUrl: null }, 'other');
    expect(keepVideoMedia(build({ proxyUrl: '/a', thumbnailUrl: null }), after)).toBe(after);
  });

  it('of covers stay until another one is chosen', () => {
    const clip = (cover: CoverChoice, signed: string) => {
      const urls = ['a', 'b', 'c'].map((name) => `/${name}?${signed}`);
      return { id: 'c', cover, renditions: [{ id: 'r', media: { videoUrl: null, coverUrl: urls[cover - 1], coverUrls: urls } }] } as Clip;
    };
    const coverOf = (clips: readonly Clip[]) => clips[0]?.renditions[0]?.media.coverUrl;
    expect(coverOf(keepClipMedia([clip(1, '1')], [clip(1, '2')]))).toBe('/a?1');
    const changed = keepClipMedia([clip(1, '1')], [clip(3, '2')]);
    expect(coverOf(changed)).toBe('/c?1');
    expect(changed[0]?.renditions[0]?.media.coverUrls).toEqual(['/a?1', '/b?1', '/c?1']);
  });
});
