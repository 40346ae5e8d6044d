/** What is known of encodes, and the settings that the next clip gets. */
import {
  type Compression,
  type EncodingBand,
  encodingLadders,
  type LearnedBand,
  type RenderTuning,
  type TunedEncoder,
  type VideoCodec,
} from '@carmic/contract';
import { addSeconds } from '../../core/clock.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { type BandedClip, bandOf } from './bands.ts';
import { chooseSettings, isHeld, type KnownSettings } from './chooseSettings.ts';
import { readCompression } from './settings.ts';

/** Older figures are forgotten: what is filmed changes, and what failed once may be tried anew. */
const windowSeconds = 28 * 24 * 3600;
/** Of the clips that get the settings of the product, one of so many is measured. */
const measuredOneIn = 4;
const encoderOfCodec: Partial<Record<VideoCodec, TunedEncoder>> = { h264: 'libx264', hevc: 'libx265' };

interface Row {
  encoder: TunedEncoder;
  resolution: EncodingBand['resolution'];
  frame_rate: EncodingBand['frameRate'];
  duration: EncodingBand['duration'];
  preset: string;
  rate: number;
  contributors: string;
  score: number;
  square: number;
  bits: number;
}

/** Figures of the last four weeks by band and settings; `minimumGroup` is asked again, whatever it was when they were released. */
async function readKnown(deps: Deps, tx: Tx, minimumGroup: number, band?: { encoder: TunedEncoder; resolution: string }): Promise<Row[]> {
  return deps.db.rows<Row>(
    tx,
    `SELECT encoder, resolution, frame_rate, duration, preset, rate, sum(contributors) AS contributors, sum(contributors * score) / sum(contributors) AS score,
       sum(contributors * (CAST(score AS double precision) * score + CAST(deviation AS double precision) * deviation)) / sum(contributors) AS square,
       sum(contributors * bits_per_pixel) / sum(contributors) AS bits
     FROM encoding_statistics WHERE day > :since AND contributors >= :minimumGroup
       AND (:encoder = '' OR (encoder = :encoder AND resolution = :resolution))
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
    {
      since: addSeconds(deps.clock.now(), -windowSeconds).toISOString().slice(0, 10),
      minimumGroup,
      encoder: band?.encoder ?? '',
      resolution: band?.resolution ?? '',
    },
  );
}

function toKnown({ preset, rate, contributors, score, square, bits }: Row): KnownSettings {
  const deviation = Math.sqrt(Math.max(0, square - score ** 2));
  return { preset, rate, contributors: Number(contributors), score, deviation, bitsPerPixel: bits };
}

/** Figures of a band; where it has none of its own, those of what had no band of its own. */
function knownOf(rows: readonly Row[], band: EncodingBand): KnownSettings[] {
  const of = (frameRate: string, duration: string) =>
    rows.filter(
      (row) =>
        row.encoder === band.encoder && row.resolution === band.resolution && row.frame_rate === frameRate && row.duration === duration,
    );
  const own = of(band.frameRate, band.duration);
  return (own.length === 0 ? of('other', 'other') : own).map(toKnown);
}

/**
 * What to ask of the agent that renders a clip; null: nothing, and nothing is measured. Half of the clips of a band try what is to be tried; of those that
 * get the settings of the product a quarter is measured, because a measure costs about a twentieth of the encode. `id` decides which, so that asking twice
 * answers the same.
 */
export async function tuningFor(deps: Deps, tx: Tx, clip: BandedClip & { codec: VideoCodec }, id: string): Promise<RenderTuning | null> {
  const settings = await readCompression(deps, tx);
  const { tuner, target, minimumGroup } = settings;
  const number = Number.parseInt(id.slice(-4), 16);
  const isSample = number % (2 * measuredOneIn) < 2;
  if (tuner === 'off') {
    return settings.statistics === 'off' || !isSample ? null : { target: null, choices: [] };
  }
  if (tuner === 'pinned') {
    return { target, choices: settings.pinned };
  }
  const encoder = encoderOfCodec[clip.codec];
  if (encoder === undefined) {
    return { target: null, choices: [] };
  }
  const band = { encoder, ...bandOf(clip) };
  const { chosen, trial } = chooseSettings(encodingLadders[encoder], knownOf(await readKnown(deps, tx, minimumGroup, band), band), settings);
  const isTrial = number % 2 === 1;
  const choice = isTrial && trial !== null ? trial : chosen;
  const { base } = encodingLadders[encoder];
  // The settings of the product need no proof: a clip that they do not bring to the target is no worse than without a tuner, and costs no second encode.
  const isBase = choice.preset === base.preset && choice.rate === base.rate;
  if (isBase) {
    return isSample ? { target: null, choices: [{ encoder, ...choice }] } : null;
  }
  return { target, choices: [{ encoder, ...choice }] };
}

/** Everything that was learned, for administrators. */
export async function presentCompression(deps: Deps, tx: Tx): Promise<Compression> {
  const settings = await readCompression(deps, tx);
  const rows = await readKnown(deps, tx, settings.minimumGroup);
  const bands = new Map<string, EncodingBand>();
  for (const { encoder, resolution, frame_rate: frameRate, duration } of rows) {
    bands.set([encoder, resolution, frameRate, duration].join(' '), { encoder, resolution, frameRate, duration });
  }
  const releases = await deps.db.rows<{ day: string; released_at: Date; cells: string }>(
    tx,
    `SELECT CAST(r.day AS text) AS day, r.released_at, count(s.day) AS cells FROM encoding_releases r LEFT JOIN encoding_statistics s ON s.day = r.day
     WHERE r.day > :since GROUP BY r.day ORDER BY r.day DESC`,
    { since: addSeconds(deps.clock.now(), -windowSeconds).toISOString().slice(0, 10) },
  );
  return {
    settings,
    bands: [...bands.values()].map((band): LearnedBand => {
      const known = knownOf(rows, band);
      const figures = known.map((each) => ({ ...each, isHeld: isHeld(each, settings.target) }));
      return { ...band, ...chooseSettings(encodingLadders[band.encoder], known, settings), figures };
    }),
    releases: releases.map(({ day, released_at: releasedAt, cells }) => ({ day, releasedAt: releasedAt.toISOString(), cells: Number(cells) })),
  };
}
