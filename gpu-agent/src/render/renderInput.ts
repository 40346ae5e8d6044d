import { sourceInputArgs } from '../ffmpeg/safety.ts';
import type { Container, PictureFormat } from '../media/sniff.ts';

/** What ffmpeg reads of a source, and what it is held to. */
export interface RenderInput {
  container: Container | PictureFormat;
  sourceUrl: string;
  framePixels: number;
}

/** Read a little more than the segment: the frame grid may want a frame from just behind it. */
const slackSeconds = 0.5;

/** Opens a span of the source; what is before it is skipped by its index, not read. */
export function spanInput({ container, sourceUrl, framePixels }: RenderInput, startSeconds: number, seconds: number): string[] {
  return [
    ...['-ss', startSeconds.toFixed(6), '-t', (seconds + slackSeconds).toFixed(6)],
    ...[...sourceInputArgs(container, { framePixels }), '-i', sourceUrl],
  ];
}
