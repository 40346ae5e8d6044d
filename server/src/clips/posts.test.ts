import { postPlatforms } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { buildPosts } from './posts.ts';

const content = {
  title: 'Vierhundert Bücher auf der Treppe',
  tags: ['Bücher', 'der alte Fluss', 'München 2019'],
  excerpt:
    'Und dann kam der Fluss. Wir trugen vierhundert Bücher die Treppe hinauf, bevor der Morgen kam. Niemand in München hatte uns gewarnt. '.repeat(9),
};

describe('buildPosts', () => {
  it('keeps every platform’s limits, says only what is said, and does not open with the clip’s first words', () => {
    const posts = buildPosts(content);
    expect(posts.map(({ platform }) => platform)).toEqual([...postPlatforms]);
    for (const { platform, title, description, hashtags, text } of posts) {
      expect(text.length, platform).toBeLessThanOrEqual({ youtube: 5000, tiktok: 2200, instagram: 2200, linkedin: 3000, x: 280 }[platform]);
      expect([...title].length, platform).toBeLessThanOrEqual(100);
      expect(hashtags.every((tag) => /^#[\p{L}\p{N}_]+$/u.test(tag)), platform).toBe(true);
      expect(new Set(hashtags).size).toBe(hashtags.length);
      expect(content.excerpt).toContain(description.split(/(?<=\.) /)[0]);
      expect(description.startsWith('Und dann')).toBe(false);
    }
    expect(posts[0]?.hashtags).toContain('#DerAlteFluss');
  });

  it('needs no words', () => {
    const [post] = buildPosts({ title: 'Loud moment at 1:05', tags: [], excerpt: '' });
    expect(post).toMatchObject({ title: 'Loud moment at 1:05', description: '', hashtags: [], text: 'Loud moment at 1:05' });
  });
});
