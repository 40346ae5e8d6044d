import { describe, expect, it } from 'vitest';
import { noBranding } from './branding.ts';
import { buildFilterGraph, cameraCommands, gainFilter, type GraphPlan, joinedAudio } from './filterGraph.ts';
import { renderArgs } from './renderArgs.ts';
import type { Timeline } from './timeline.ts';

const timeline: Timeline = {
  rate: { numerator: 25, denominator: 1 },
  segments: [
    { sourceSeconds: 10, frames: 50, outSeconds: 0, outFrame: 0 },
    { sourceSeconds: 20, frames: 25, outSeconds: 2, outFrame: 50 },
  ],
  frameCount: 75,
  durationSeconds: 3,
};
const plan: GraphPlan = {
  timeline,
  width: 1080,
  height: 1920,
  framing: [
    {
      kind: 'crop',
      widthShare: 0.31,
      heightShare: 1,
      path: [
        { frame: 0, left: 0.1, top: 0 },
        { frame: 7, left: 0.2, top: 0 },
      ],
    },
    { kind: 'fit' },
  ],
  hasAudio: true,
  mapsTone: false,
  hasCaptions: true,
  gain: { gainDb: 6.5, limitDb: -2 },
  covers: [],
  branding: noBranding,
};

describe('buildFilterGraph', () => {
  it('writes covers before captions are drawn, each frame once', () => {
    const graph = buildFilterGraph({ ...plan, covers: [12, 60] });
    expect(graph).toContain(`split=2[pick][full];[pick]select='eq(n,12)+eq(n,60)',setpts=N*1/(25*TB)[covers];[full]ass=`);
    const args = renderArgs({ ...plan, covers: [12, 60], input: { container: 'mov', sourceUrl: 'http://127.0.0.1/x', framePixels: 1e6 } });
    expect(args.slice(args.indexOf('[covers]'))).toEqual(expect.arrayContaining(['-frames:v', '2', '-map_metadata', '-1', 'cover%d.jpg']));
  });

  it('cuts every segment to its frames, names every crop, joins, captions', () => {
    const graph = buildFilterGraph(plan);
    expect(graph).toContain(
      '[0:V:0]fps=fps=25/1:start_time=0,tpad=stop=-1:stop_mode=clone,trim=end_frame=50,sendcmd=f=camera0.cmd,crop@c0=',
    );
    expect(graph).toContain('trim=end_frame=25,split=2[f1][b1]');
    expect(graph).toContain('[v0][v1]concat=n=2:v=1:a=0[joined];[joined]ass=captions.ass:fontsdir=fonts[video]');
  });

  it('takes the measured sound from behind the pictures, and makes silence where there is none', () => {
    expect(buildFilterGraph(plan)).toContain('[2:a:0]volume=6.50dB,alimiter=limit=0.79433');
    expect(buildFilterGraph({ ...plan, hasAudio: false })).toContain('anullsrc=r=48000:cl=stereo,atrim=end_sample=144000[audio]');
  });

  it('moves the crop half a frame before its frame, so that it is never late', () => {
    expect(
      cameraCommands(
        [
          { frame: 0, left: 0, top: 0 },
          { frame: 7, left: 0.2, top: 0.1 },
        ],
        '3',
        timeline.rate,
      ),
    ).toBe('0.26000 crop@c3 x iw*0.200000, crop@c3 y ih*0.100000;\n');
  });
});

describe('joinedAudio', () => {
  it('gives every segment exactly as many samples as its picture lasts', () => {
    const graph = joinedAudio(timeline, '[out]');
    expect(graph).toContain('atrim=end_sample=96000');
    expect(graph).toContain('atrim=end_sample=48000');
    expect(graph).toContain('[a0][a1]concat=n=2:v=0:a=1,');
  });
});

describe('gainFilter', () => {
  it('is nothing without a gain, and has no limiter without need', () => {
    expect([gainFilter(null), gainFilter({ gainDb: -3, limitDb: null })]).toEqual(['', 'volume=-3.00dB,']);
  });
});

describe('renderArgs', () => {
  const args = renderArgs({ ...plan, input: { container: 'mov', sourceUrl: 'http://127.0.0.1:1/secret', framePixels: 4_000_000 } });

  it('seeks every input before it opens it, forced and whitelisted', () => {
    const opened = args.flatMap((arg, index) => (arg === '-i' && args[index + 1] === 'http://127.0.0.1:1/secret' ? [index] : []));
    expect(opened).toHaveLength(2);
    for (const index of opened) {
      const before = args.slice(0, index);
      for (const option of ['-ss', '-f', '-protocol_whitelist', '-format_whitelist', '-codec_whitelist', '-max_pixels', '-max_streams']) {
        expect(before.lastIndexOf(option), option).toBeGreaterThan(opened[opened.indexOf(index) - 1] ?? -1);
      }
    }
  });

  it('takes nothing of the source along but picture and sound', () => {
    expect(args.join(' ')).toContain('-map_metadata -1 -map_chapters -1');
    expect(args).toContain('-nostdin');
  });
});
