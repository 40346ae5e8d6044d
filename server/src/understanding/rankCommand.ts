import { readFileSync, writeFileSync } from 'node:fs';
import type { Word } from '@carmic/contract';
import { findChapters } from './chapters/findChapters.ts';
import { suggestClips } from './highlights/suggestClips.ts';
import { buildTalk } from './highlights/talk.ts';

/**
 * `npm run --silent rank -- IN.json OUT.json [clips] [shortest] [longest]`: ranks transcripts from a file with the code the product runs, to measure it.
 * IN is `[{id, duration, words: [{w, start, end}], turns?: [{speaker?, start, end}]}]`, OUT `[{id, clips: [{start, end, score, title}],
 * boundaries: [seconds], chapters: [{startSeconds, title}]}]`; times in seconds.
 */
interface Item {
  id: string;
  duration: number;
  words: { w: string; start: number; end: number }[];
  turns?: { speaker?: string; start: number; end: number }[];
}

function rankItem(item: Item, clipCount: number, minClipSeconds: number, maxClipSeconds: number) {
  const words: Word[] = item.words.map((word) => ({ text: word.w, startSeconds: word.start, endSeconds: word.end }));
  const turns = (item.turns ?? []).map(({ speaker, start, end }) => ({
    startSeconds: start,
    endSeconds: end,
    ...(speaker === undefined ? {} : { speaker }),
  }));
  const chapters = findChapters(buildTalk(words, turns, null), item.duration);
  const clips = suggestClips({
    durationSeconds: item.duration,
    words,
    analysis: null,
    turns,
    options: { clipCount, minClipSeconds, maxClipSeconds, language: null },
  });
  return {
    id: item.id,
    boundaries: chapters.slice(1).map((chapter) => chapter.startSeconds),
    chapters,
    clips: clips.map((clip) => ({
      start: clip.startSeconds,
      end: clip.endSeconds,
      score: clip.score,
      title: clip.title,
      tags: clip.tags,
      scoreParts: clip.scoreParts,
    })),
  };
}

const [input, output, clips = '10', shortest = '30', longest = '60'] = process.argv.slice(2);
if (input === undefined || output === undefined) {
  process.stderr.write('Usage: npm run --silent rank -- IN.json OUT.json [clips 10] [shortest 30] [longest 60]\n');
  process.exit(2);
}
const items = JSON.parse(readFileSync(input, 'utf8')) as Item[];
writeFileSync(output, JSON.stringify(items.map((item) => rankItem(item, Number(clips), Number(shortest), Number(longest)))));
