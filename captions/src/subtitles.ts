/** Writes captions as files that stand beside the video. */
import { type Caption, joinWords } from './layCaptions.ts';

/** SubRip, as most editors read it. */
export function buildSrt(captions: readonly Caption[]): string {
  return captions
    .map((caption, index) => {
      const text = caption.lines.map((line) => joinWords(line)).join('\n');
      return `${index + 1}\n${formatTime(caption.startSeconds, ',')} --> ${formatTime(caption.endSeconds, ',')}\n${text}\n`;
    })
    .join('\n');
}

/** WebVTT (https://www.w3.org/TR/webvtt1/), as browsers read it. */
export function buildVtt(captions: readonly Caption[]): string {
  const cues = captions.map((caption) => {
    const text = caption.lines.map((line) => escapeVtt(joinWords(line))).join('\n');
    return `${formatTime(caption.startSeconds, '.')} --> ${formatTime(caption.endSeconds, '.')}\n${text}\n`;
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

function escapeVtt(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function formatTime(seconds: number, point: string): string {
  const total = Math.max(0, Math.round(seconds * 1000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const hours = two(total / 3_600_000);
  return `${hours}:${two((total / 60_000) % 60)}:${two((total / 1000) % 60)}${point}${String(total % 1000).padStart(3, '0')}`;
}
