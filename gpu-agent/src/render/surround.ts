/** The sound of a clip between that of its intro and of its outro. */
import type { Bumper } from './branding.ts';
import { clipSampleRate, joinFadeSeconds, samplesAt } from './filterGraph.ts';
import type { Timeline } from './timeline.ts';

export interface SurroundPlan {
  /** Of the clip itself. */
  timeline: Timeline;
  /** Whether the clip has sound: it is the first input then. */
  hasAudio: boolean;
  intro: Bumper | null;
  outro: Bumper | null;
  /** What brings intro and outro to the loudness of the clip. */
  gainsDb: { intro: number; outro: number };
}

/** Joins the three, each exactly as long as its picture; what has no sound is silent. Inputs are those that have some, in this order: clip, intro, outro. */
export function surroundAudio({ timeline, hasAudio, intro, outro, gainsDb }: SurroundPlan, output: string): string {
  const introInput = hasAudio ? 1 : 0;
  const outroInput = introInput + (intro?.hasAudio ? 1 : 0);
  const parts = [
    ...(intro === null ? [] : [{ frames: intro.frames, input: intro.hasAudio ? introInput : null, gainDb: gainsDb.intro }]),
    { frames: timeline.frameCount, input: hasAudio ? 0 : null, gainDb: 0 },
    ...(outro === null ? [] : [{ frames: outro.frames, input: outro.hasAudio ? outroInput : null, gainDb: gainsDb.outro }]),
  ];
  let first = 0;
  const chains = parts.map(({ frames, input, gainDb }, index) => {
    const samples = samplesAt(first + frames, timeline.rate) - samplesAt(first, timeline.rate);
    first += frames;
    return `${partChain(input, samples, gainDb)}[p${index}]`;
  });
  const labels = parts.map((_, index) => `[p${index}]`).join('');
  return [...chains, `${labels}concat=n=${parts.length}:v=0:a=1,aformat=sample_fmts=flt:sample_rates=${clipSampleRate}${output}`].join(';');
}

function partChain(input: number | null, samples: number, gainDb: number): string {
  const stereo = `aformat=sample_fmts=flt:channel_layouts=stereo`;
  if (input === null) {
    return `anullsrc=r=${clipSampleRate}:cl=stereo,atrim=end_sample=${samples},${stereo}`;
  }
  const fade = Math.min(Math.round(joinFadeSeconds * clipSampleRate), Math.floor(samples / 2));
  return [
    `[${input}:a:0]aresample=${clipSampleRate}:async=1:first_pts=0,${stereo}`,
    `apad=whole_len=${samples}`,
    `atrim=end_sample=${samples}`,
    `volume=${gainDb.toFixed(2)}dB`,
    `afade=t=in:ns=${fade}`,
    `afade=t=out:ss=${samples - fade}:ns=${fade}`,
  ].join(',');
}
