import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Probe, type RenderResult, renderResultSchema, type RenderSpec } from '@carmic/contract';
import type { Framer } from '../../src/framing/framer.ts';
import { probeSource } from '../../src/media/probe.ts';
import { render } from '../../src/render/render.ts';
import type { Engine } from './engine.ts';

const run = promisify(execFile);

export interface Rendered {
  probe: Probe;
  result: RenderResult;
  /** Paths of what was delivered, by name. */
  files: Record<string, string>;
  /** Values of the certificate, by name. */
  facts: Record<string, number>;
  /** Names of the facts that did not pass. */
  failed: string[];
}

/** Probes a file and renders it as the agent does. */
export async function renderFile(engine: Engine, framer: Framer, file: string, changes: Partial<RenderSpec> = {}): Promise<Rendered> {
  const probe = changes.probe ?? (await probeSource(engine.contextFor(file), { durationSeconds: 600, framePixels: 9e6 })).probe;
  const spec: RenderSpec = {
    kind: 'render',
    source: { url: 'http://127.0.0.1/unused', sizeBytes: 1 },
    probe,
    segments: [{ startSeconds: 0, endSeconds: Math.min(3, probe.durationSeconds) }],
    output: { width: 270, height: 480, maxFrameRate: 30 },
    captions: null,
    loudness: { integratedLufs: -14, truePeakDbtp: -1 },
    ...changes,
  };
  const outcome = await render(spec, engine.contextFor(file), { canToneMap: true, framer });
  const result = renderResultSchema.parse(outcome.result);
  return {
    probe,
    result,
    files: Object.fromEntries(outcome.files.map((entry) => [entry.name, entry.path])),
    facts: Object.fromEntries(result.certificate.map((fact) => [fact.name, fact.value])),
    failed: result.certificate.filter((fact) => !fact.passed).map((fact) => `${fact.name} ${fact.value}`),
  };
}

async function decode(args: readonly string[]): Promise<Buffer> {
  const { stdout } = await run('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'error', ...args, 'pipe:1'], {
    encoding: 'buffer',
    maxBuffer: 512 * 1024 * 1024,
  });
  return stdout;
}

/** Every frame of a file as gray pixels of the given size. */
export async function grayFrames(file: string, width: number, height: number, crop = ''): Promise<Buffer[]> {
  const raw = await decode([
    '-i',
    file,
    '-vf',
    `${crop}scale=${width}:${height}:flags=area,format=gray`,
    '-fps_mode',
    'passthrough',
    '-f',
    'rawvideo',
  ]);
  return Array.from({ length: raw.length / (width * height) }, (_, index) =>
    raw.subarray(index * width * height, (index + 1) * width * height),
  );
}

/** One frame as RGB pixels. A picture file has no second to go to. */
export function rgbFrame(file: string, seconds: number, filters = 'null'): Promise<Buffer> {
  return decode([
    ...(seconds > 0 ? ['-ss', seconds.toFixed(4)] : []),
    '-i',
    file,
    '-frames:v',
    '1',
    '-vf',
    `${filters},format=rgb24`,
    '-f',
    'rawvideo',
  ]);
}

/** The first sound channel as samples at 48 kHz, on the file's own time line. */
export async function samplesOf(file: string): Promise<Float32Array> {
  const raw = await decode(['-i', file, '-map', '0:a:0', '-af', 'aresample=48000:async=1:first_pts=0,pan=mono|c0=c0', '-f', 'f32le']);
  return new Float32Array(new Uint8Array(raw).buffer);
}

/** Times at which a sound begins behind silence. */
export function onsetsOf(samples: Float32Array, threshold = 0.02, silenceSeconds = 0.05, rate = 48_000): number[] {
  const onsets: number[] = [];
  let quietSince = -silenceSeconds * rate;
  let lastLoud = Number.NEGATIVE_INFINITY;
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) > threshold) {
      if (index - lastLoud > silenceSeconds * rate && index - quietSince >= 0) {
        onsets.push(index / rate);
      }
      lastLoud = index;
    } else if (index - lastLoud === 1) {
      quietSince = index;
    }
  }
  return onsets;
}
