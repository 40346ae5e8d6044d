/** What to write beside a clip where it is published: from its own words, in its own language, within each platform's limits. */
import { postPlatforms, type PlatformPost } from '@carmic/contract';

interface Limits {
  /** Characters of everything that is pasted. */
  text: number;
  description: number;
  hashtags: number;
}

/** The postPlatforms' own limits of text; hashtags as many as they show or advise. */
const limits: Record<PlatformPost['platform'], Limits> = {
  youtube: { text: 5000, description: 600, hashtags: 3 },
  tiktok: { text: 2200, description: 300, hashtags: 4 },
  instagram: { text: 2200, description: 500, hashtags: 5 },
  linkedin: { text: 3000, description: 700, hashtags: 3 },
  x: { text: 280, description: 140, hashtags: 2 },
};
const longestTitle = 100;

/** Cuts at a word, with a sign that more was said. */
function shorten(text: string, longest: number): string {
  if (text.length <= longest) {
    return text;
  }
  const cut = text.slice(0, longest - 1);
  return `${cut.slice(0, Math.max(1, cut.lastIndexOf(' ')))}…`;
}

/** `der alte Fluss` as `#DerAlteFluss`; empty for a tag without a letter. */
function hashtagOf(tag: string): string {
  const words = tag.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== '');
  const joined = words.length === 1 ? (words[0] ?? '') : words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /\p{L}/u.test(joined) ? `#${joined}` : '';
}

interface RatedSentence {
  sentence: string;
  at: number;
  value: number;
}

/** The sentences of an excerpt but for the opening one, those that hold most of the tags first. */
function rateSentences(excerpt: string, tags: readonly string[]): RatedSentence[] {
  const wanted = tags.map((tag) => tag.toLowerCase());
  const sentences = excerpt.split(/(?<=[.?!…。？！])\s+/u).filter((sentence) => sentence.trim() !== '');
  const rated = sentences.map((sentence, at) => {
    const said = sentence.toLowerCase();
    const hits = wanted.filter((tag) => said.includes(tag)).length;
    return { sentence, at, value: (hits + 0.2) / Math.sqrt(4 + sentence.split(' ').length) };
  });
  const pool = rated.length > 1 ? rated.slice(1) : rated;
  return pool.sort((a, b) => b.value - a.value || a.at - b.at);
}

/** The most telling sentences that fit, in the order they are said. */
function tellingSentences(pool: readonly RatedSentence[], longest: number): string {
  const chosen: RatedSentence[] = [];
  let length = 0;
  for (const each of pool) {
    if (chosen.length < 3 && length + each.sentence.length + 1 <= longest) {
      chosen.push(each);
      length += each.sentence.length + 1;
    }
  }
  const best = pool[0];
  if (chosen.length === 0 && best !== undefined) {
    return shorten(best.sentence, longest);
  }
  return chosen
    .sort((a, b) => a.at - b.at)
    .map(({ sentence }) => sentence)
    .join(' ');
}

/** Title, description and hashtags of a clip for each platform. */
export function buildPosts({ title, tags, excerpt }: { title: string; tags: readonly string[]; excerpt: string }): PlatformPost[] {
  const all = [...new Set(tags.map(hashtagOf).filter((tag) => tag !== ''))];
  const pool = rateSentences(excerpt, tags);
  const ownTitle = shorten(title, longestTitle);
  return postPlatforms.map((platform) => {
    const limit = limits[platform];
    const hashtags = all.slice(0, limit.hashtags);
    const room = limit.text - ownTitle.length - hashtags.join(' ').length - 4;
    const description = tellingSentences(pool, Math.max(20, Math.min(limit.description, room)));
    const text = [ownTitle, description, hashtags.join(' ')].filter((part) => part !== '').join('\n\n');
    return { platform, title: ownTitle, description, hashtags, text };
  });
}
