/**
 * Bytes that the tuner saves, on clips it has not seen.
 *
 * Made clips of one band are the clips of twenty workspaces; day by day they are encoded with the product's own options, become figures, and the
 * tuner chooses, until it has nothing left to try. Other clips are then encoded as the agent would: with what was learned, and again where that falls
 * below the target. `savedShare` is against the settings of the product; `savedAtEqualScore` against the product's preset at the rate at which each
 * clip would be exactly as similar.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EncodingSettings, encodingLadders } from '@carmic/contract';
import { x264 } from '../../gpu-agent/src/encoders/profiles.ts';
import { isReached, planTries, readScore, withScore, withSettings } from '../../gpu-agent/src/encoders/tuning.ts';
import { chooseSettings, type KnownSettings } from '../../server/src/clips/tuning/chooseSettings.ts';
import { defaultCompression } from '../../server/src/clips/tuning/settings.ts';
import { type CellKey, type Contribution, releaseDay } from '../../server/src/clips/tuning/suppress.ts';

const run = promisify(execFile);
const workspaces = 20;
const heldOut = 8;
/** Small and short, because there are hundreds of encodes. */
const frame = { width: 270, height: 480, rate: 30, seconds: 1 };
const ladder = encodingLadders.libx264;
const band = { encoder: 'libx264', resolution: 'sd', frameRate: 'video', duration: 'under_15' } as const;

interface Encoded {
  score: number;
  bytes: number;
}

/** Soft grounds, test pictures, drawings and turning slides, each of another seed, speed and grain. */
function picture(index: number): string {
  const { width, height, rate, seconds } = frame;
  const size = `size=${width}x${height}:rate=${rate}`;
  const grain = `noise=alls=${index % 4}:allf=t:all_seed=${index}`;
  const kinds = [
    `gradients=size=90x160:rate=${rate}:duration=${seconds}:seed=${index + 1}:speed=0.0${(index % 5) + 1},scale=${width}:${height},${grain}`,
    `testsrc2=${size}:duration=${seconds},scroll=vertical=0.00${(index % 3) + 1},gblur=sigma=1.2,${grain}`,
    `mandelbrot=${size}:start_scale=${3 - (index % 7) / 4}:end_scale=0.3,trim=duration=${seconds},gblur=sigma=1,${grain}`,
    `testsrc=${size}:duration=${seconds},rotate=t/${(index % 4) + 3},gblur=sigma=0.8,${grain}`,
  ];
  return kinds[index % kinds.length] ?? '';
}

/** Learns and measures. */
export async function benchTuning(): Promise<Record<string, unknown>> {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-bench-'));
  try {
    const clips: string[] = [];
    for (let index = 0; index < workspaces + heldOut; index++) {
      const file = join(directory, `${index}.mkv`);
      await run('ffmpeg', [...['-v', 'error', '-f', 'lavfi', '-i', picture(index)], ...['-pix_fmt', 'yuv420p', '-c:v', 'ffv1', file]]);
      clips.push(file);
    }
    const encode = createEncode(directory);
    const [training, others] = [clips.slice(0, workspaces), clips.slice(workspaces)];
    const rateOnly = await learnAndMeasure(training, others, encode, false);
    const withPresets = await learnAndMeasure(training, others, encode, true);
    return { workspaces, heldOut, rateOnly, withPresets };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Encode = (clip: string, settings: EncodingSettings) => Promise<Encoded>;

/** Encodes with the product's options; the same twice costs nothing. */
function createEncode(directory: string): Encode {
  const done = new Map<string, Encoded>();
  return async (clip, settings) => {
    const name = `${clip} ${settings.preset} ${settings.rate}`;
    const output = join(directory, 'out.mp4');
    const known = done.get(name);
    if (known !== undefined) {
      return known;
    }
    const { encodeArgs } = withScore(withSettings(x264, settings));
    const { stderr } = await run('ffmpeg', [
      '-hide_banner',
      '-nostats',
      '-y',
      '-v',
      'info',
      '-i',
      clip,
      ...encodeArgs,
      '-f',
      'mp4',
      output,
    ]);
    const score = readScore(stderr);
    if (score === null) {
      throw new Error('The encoder told no score.');
    }
    const encoded = { score, bytes: statSync(output).size };
    done.set(name, encoded);
    return encoded;
  };
}

async function learnAndMeasure(training: readonly string[], others: readonly string[], encode: Encode, allowsSlowerPresets: boolean) {
  const firsts = [];
  for (const clip of training) {
    firsts.push((await encode(clip, ladder.base)).score);
  }
  const target = defaultCompression.target;
  const options = { target, allowsSlowerPresets };
  const known: KnownSettings[] = [];
  let days = 0;
  let learned = chooseSettings(ladder, known, options);
  for (let next: EncodingSettings | null = ladder.base; next !== null && days < 20; days++) {
    known.push(...(await makeDay(training, { preset: next.preset ?? ladder.base.preset, rate: next.rate }, encode)));
    learned = chooseSettings(ladder, known, options);
    next = learned.trial;
  }
  const { chosen } = learned;
  const sums = { base: 0, tuned: 0, equal: 0 };
  let again = 0;
  let below = 0;
  for (const clip of others) {
    const base = await encode(clip, ladder.base);
    const tuned = await deliver(clip, chosen, target, encode);
    again += tuned.tries > 1 ? 1 : 0;
    below += tuned.score < Math.min(target, base.score) ? 1 : 0;
    sums.base += base.bytes;
    sums.tuned += tuned.bytes;
    sums.equal += await bytesAtScore(clip, tuned.score, encode);
  }
  return {
    target,
    trainingMeanScore: round(firsts.reduce((sum, score) => sum + score, 0) / firsts.length, 4),
    days,
    chosen: `${chosen.preset} ${chosen.rate}`,
    savedShare: round(1 - sums.tuned / sums.base, 3),
    savedAtEqualScore: round(1 - sums.tuned / sums.equal, 3),
    encodedAgain: again,
    belowTarget: below,
  };
}

/** One day on which every workspace makes one clip with these settings. */
async function makeDay(
  training: readonly string[],
  settings: EncodingSettings & { preset: string },
  encode: Encode,
): Promise<KnownSettings[]> {
  const key: CellKey = { ...band, ...settings };
  const contributions: Contribution[] = [];
  for (const [index, clip] of training.entries()) {
    const { score, bytes } = await encode(clip, settings);
    const bitsPerPixel = (bytes * 8) / (frame.width * frame.height * frame.rate * frame.seconds);
    contributions.push({ key, contributor: `w${index}`, clips: 1, score, scoreSquare: score ** 2, bitsPerPixel });
  }
  return releaseDay(contributions, defaultCompression.minimumGroup).map(({ key: { preset, rate }, ...figures }) => ({
    preset,
    rate,
    ...figures,
  }));
}

/** Encodes as the agent does: again where the target is not reached. */
async function deliver(clip: string, chosen: EncodingSettings, target: number, encode: Encode): Promise<Encoded & { tries: number }> {
  let tries = 0;
  let last: Encoded = { score: 0, bytes: 0 };
  const isBase = chosen.preset === ladder.base.preset && chosen.rate === ladder.base.rate;
  for (const settings of planTries(x264, [{ encoder: 'libx264', ...chosen }], isBase ? null : target)) {
    last = await encode(clip, settings);
    tries += 1;
    if (isReached(last, target)) {
      break;
    }
  }
  return { ...last, tries };
}

/** Bytes of the product's preset at exactly this similarity, between the two whole rates around it. */
async function bytesAtScore(clip: string, score: number, encode: Encode): Promise<number> {
  const { preset, rate: own } = ladder.base;
  // Not every step is less similar than the one before: the first that falls below counts.
  let fine = await encode(clip, { preset, rate: own });
  for (let rate = own - 1; fine.score < score; rate--) {
    if (rate < 1) {
      throw new Error(`No rate of ${preset} gives ${score}.`);
    }
    fine = await encode(clip, { preset, rate });
  }
  for (let rate = own + 1; rate <= ladder.coarsest + 10; rate++) {
    const coarse = await encode(clip, { preset, rate });
    if (coarse.score <= score) {
      const share = fine.score === coarse.score ? 0 : (fine.score - score) / (fine.score - coarse.score);
      return Math.exp(Math.log(fine.bytes) * (1 - share) + Math.log(coarse.bytes) * share);
    }
    fine = coarse;
  }
  throw new Error(`No rate of ${preset} gives ${score}.`);
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));
