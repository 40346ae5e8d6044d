/**
 * What looking costs: at the frames of a clip for framing, per second of clip, and at a whole source when it comes in, per second of
 * source that the player can play as it is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeSpan } from '../../gpu-agent/src/framing/analyze.ts';
import { createFaceDetector } from '../../gpu-agent/src/framing/faceDetector.ts';
import { inspect } from '../../gpu-agent/src/inspect/inspect.ts';
import { probeSource } from '../../gpu-agent/src/media/probe.ts';
import { chooseFrameRate } from '../../gpu-agent/src/render/timeline.ts';
import { startEngine } from '../../gpu-agent/test/support/engine.ts';
import { countCpu, createCpuMeter } from './support/measureCpu.ts';
import { startStorageApart } from './support/storageApart.ts';
import { makeTalkSource } from './support/talkSource.ts';

const bounds = { framing: 0.35, inspection: 0.03 };
const spanSeconds = 30;
const limits = { durationSeconds: 7200, framePixels: 10_000_000 };

/** Analyses two spans of half a minute and inspects the source; answers CPU seconds per second. `--full`: half an hour of source. */
export async function benchAnalyze(options: readonly string[]): Promise<Record<string, unknown>> {
  const minutes = options.includes('--full') ? 30 : 4;
  const directory = mkdtempSync(join(tmpdir(), 'carmic-bench-'));
  const engine = await startEngine({ around: countCpu, storage: await startStorageApart() });
  const detector = createFaceDetector();
  try {
    say(`Making a source of ${minutes} minutes, 1920x1080 ...`);
    const source = await makeTalkSource(directory, minutes);
    const { probe } = await probeSource(engine.contextFor(source), limits);
    const lookAt = async (startSeconds: number, seconds: number) => {
      const context = engine.contextFor(source);
      const meter = createCpuMeter(context.run, () => 'look');
      const rate = chooseFrameRate(probe.frameRate, 30);
      const input = { container: 'mov' as const, sourceUrl: context.source.localUrl, framePixels: 4_000_000 };
      const span = { startSeconds, frames: Math.round(seconds * probe.frameRate) };
      await analyzeSpan({ input, probe, rate, span }, { ...context, run: meter.run }, detector);
      return { total: meter.total() / seconds, decode: (meter.stages['look'] ?? 0) / seconds };
    };
    // The models are loaded once in an agent's life.
    await lookAt(0, 2);
    const [first, last] = [await lookAt(15, spanSeconds), await lookAt(minutes * 60 - 45, spanSeconds)];
    const framing = round((first.total + last.total) / 2);
    say(`Framing: ${framing} CPU s per second of clip; at most ${bounds.framing} is promised.`);
    const context = engine.contextFor(source);
    const meter = createCpuMeter(context.run, () => 'programs');
    const spec = { kind: 'inspect' as const, source: { url: 'http://127.0.0.1/unused', sizeBytes: 1 }, fileName: 'talk.mp4', limits };
    await inspect(spec, { ...context, run: meter.run }, true);
    const inspection = round(meter.total() / probe.durationSeconds);
    say(`Inspection: ${inspection} CPU s per second of source; at most ${bounds.inspection} is promised.`);
    return {
      framing,
      framingBound: bounds.framing,
      framingDecode: round((first.decode + last.decode) / 2),
      firstAgainstLast: round(first.total / last.total),
      inspection,
      inspectionBound: bounds.inspection,
      isWithinBound: framing <= bounds.framing && inspection <= bounds.inspection,
      sourceMinutes: minutes,
    };
  } finally {
    await detector.close();
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
