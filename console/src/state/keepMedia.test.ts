import type { Video } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { keepVideoMedia } from './keepMedia.ts';

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
});
