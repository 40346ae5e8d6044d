/** Prepares the sound of a clip: joined, measured, put between intro and outro, and the gain that brings it to its loudness. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderSpec } from '@carmic/contract';
import type { RunResult } from '../ffmpeg/run.ts';
import type { TaskContext } from '../media/task.ts';
import type { Bumper, ClipBranding } from './branding.ts';
import { type AudioGain, renderFiles } from './filterGraph.ts';
import { type Loudness, planGain, readLoudness } from './loudness.ts';
import { hearArgs, listenArgs, rehearseArgs, surroundArgs } from './renderArgs.ts';
import type { RenderInput } from './renderInput.ts';
import { runStep } from './runStep.ts';
import type { Timeline } from './timeline.ts';
import type { WrittenCaptions } from './writeCaptions.ts';

const silence: Loudness = { integratedLufs: null, truePeakDbtp: null };
/** An intro is made this much louder or quieter at most, to fit the clip. */
const largestFitDb = 20;

/** Joins the sound of the segments and measures it. */
export async function listen(
  input: RenderInput,
  timeline: Timeline,
  context: TaskContext,
  captions: WrittenCaptions | null,
): Promise<Loudness> {
  const args = listenArgs(input, timeline, captions?.muted);
  return readLoudness((await runStep(context, args, 'Measuring the sound', timeline.durationSeconds)).stderr);
}

/** Puts the sound of intro and outro, as loud as the clip, before and behind it; answers the loudness of the whole. */
export async function surround(
  timeline: Timeline,
  { intro, outro }: ClipBranding,
  clip: Loudness | null,
  context: TaskContext,
): Promise<Loudness> {
  const fit = async (bumper: Bumper | null): Promise<number> => {
    if (!bumper?.hasAudio || clip?.integratedLufs == null) {
      return 0;
    }
    const { stderr } = await runStep(context, hearArgs(bumper, timeline), 'Measuring the sound', timeline.durationSeconds);
    const { integratedLufs } = readLoudness(stderr);
    return integratedLufs === null ? 0 : Math.max(-largestFitDb, Math.min(largestFitDb, clip.integratedLufs - integratedLufs));
  };
  const plan = { timeline, hasAudio: clip !== null, intro, outro, gainsDb: { intro: await fit(intro), outro: await fit(outro) } };
  const { stderr } = await runStep(context, surroundArgs(plan, renderFiles.surrounded), 'Joining the sound', timeline.durationSeconds);
  await rename(join(context.directory, renderFiles.surrounded), join(context.directory, renderFiles.sound));
  return readLoudness(stderr);
}

/** Plans the gain of the joined sound, and where the limiter will work, rehearses until the loudness is right. */
export async function chooseGain(
  spec: RenderSpec,
  heard: Loudness | null,
  seconds: number,
  context: TaskContext,
  captions: WrittenCaptions | null,
): Promise<AudioGain | null> {
  let gain = planGain(heard ?? silence, spec.loudness);
  for (let round = 0; gain !== null && gain.limitDb !== null && round < 2; round++) {
    const rehearsed: RunResult = await runStep(context, rehearseArgs(gain), 'Measuring the sound', seconds);
    const now = readLoudness(rehearsed.stderr).integratedLufs;
    if (now === null || Math.abs(spec.loudness.integratedLufs - now) < 0.2) {
      break;
    }
    gain = { ...gain, gainDb: gain.gainDb + spec.loudness.integratedLufs - now };
  }
  return gain && { ...gain, beeped: captions?.beeped ?? [] };
}
