import { describe, expect, it } from 'vitest';
import { sortFiles } from './sortFiles.ts';

const file = (name: string, size = 10, type = '') => ({ name, size, type });

describe('sorting dropped files', () => {
  it('puts subtitles with the video of the same name, with or without a language', () => {
    const { videos, stray } = sortFiles([file('A.mp4'), file('b.mov'), file('a.srt'), file('B.en.vtt')], 100);
    expect(videos.map((video) => [video.file.name, video.captions?.name])).toEqual([
      ['A.mp4', 'a.srt'],
      ['b.mov', 'B.en.vtt'],
    ]);
    expect(stray).toEqual([]);
  });

  it('takes one video and one subtitle file as belonging together, whatever their names', () => {
    const { videos } = sortFiles([file('words.srt'), file('final (3).mp4')], 100);
    expect(videos[0]?.captions?.name).toBe('words.srt');
  });

  it('answers subtitles that fit nothing', () => {
    const { stray } = sortFiles([file('a.mp4'), file('b.mp4'), file('c.srt')], 100);
    expect(stray.map((item) => item.name)).toEqual(['c.srt']);
  });

  it('refuses empty and too large files before anything is sent', () => {
    const { videos } = sortFiles([file('a.mp4', 0), file('b.mp4', 101), file('c.mp4', 100)], 100);
    expect(videos.map((video) => video.problem)).toEqual(['empty', 'tooLarge', null]);
  });

  it('wonders about names that say nothing of a video, and trusts the type where the name is silent', () => {
    const { videos } = sortFiles([file('notes.txt'), file('movie', 10, 'video/mp4'), file('x.MKV')], 100);
    expect(videos.map((video) => video.looksOdd)).toEqual([true, false, false]);
  });
});
