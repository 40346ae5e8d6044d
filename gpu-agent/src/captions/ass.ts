/** Writes captions as an Advanced SubStation Alpha file, one event per spoken word. */
import { captionFont } from './fonts.ts';
import type { FontMetrics } from './fontMetrics.ts';
import { type Caption, type CaptionRules, separator } from './layCaptions.ts';

export interface CaptionLook {
  width: number;
  height: number;
  fontSize: number;
  outline: number;
  /** Distance of the last line from the lower edge, in pixels. */
  marginBottom: number;
  marginSide: number;
}

/** Colours as ASS writes them: blue, green, red. */
const white = '&HFFFFFF&';
const spoken = '&H2BE5FF&';

/**
 * Chooses sizes for a picture. In upright pictures the lines stand above the lower fifth, which the apps that play such clips cover
 * with their own buttons and texts.
 */
export function chooseLook(width: number, height: number): CaptionLook {
  const shape = width / height;
  const fontSize = Math.round(shape < 0.7 ? width * 0.115 : Math.min(width, height) * 0.08);
  const bottom = shape < 0.7 ? 0.215 : shape < 0.9 ? 0.14 : shape < 1.2 ? 0.1 : 0.08;
  return {
    width,
    height,
    fontSize,
    outline: Math.max(2, Math.round(fontSize * 0.08)),
    marginBottom: Math.round(height * bottom),
    marginSide: Math.round(width * 0.07),
  };
}

/** Rules that make lines fit the look. */
export function captionRules(look: CaptionLook, metrics: FontMetrics): CaptionRules {
  return {
    lineWidth: (text) => metrics.textWidth(text, look.fontSize),
    maxLineWidth: look.width - 2 * look.marginSide - 2 * look.outline,
    maxWords: look.width / look.height < 0.7 ? 5 : 8,
    maxSeconds: 3.2,
  };
}

/** The whole document. */
export function buildAss(captions: readonly Caption[], look: CaptionLook): string {
  const style = [
    ...['Caption', captionFont.family, look.fontSize, '&H00FFFFFF', '&H00FFFFFF', '&H00101010', '&H90000000'],
    ...[0, 0, 0, 0, 100, 100, 0, 0, 1, look.outline, 0, 2, look.marginSide, look.marginSide, look.marginBottom, 1],
  ];
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${look.width}`,
    `PlayResY: ${look.height}`,
    'ScaledBorderAndShadow: yes',
    // Lines are broken here; libass must never break them again.
    'WrapStyle: 2',
    'YCbCr Matrix: None',
    '',
    '[V4+ Styles]',
    'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding',
    `Style: ${style.join(',')}`,
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    ...captions.flatMap((caption) => captionEvents(caption, look)),
    '',
  ].join('\n');
}

/** One event per word, from its start to the next word's, with the whole caption drawn and that word coloured. */
function captionEvents(caption: Caption, look: CaptionLook): string[] {
  const words = caption.lines.flat();
  const size = caption.scale < 1 ? `{\\fs${Math.floor(look.fontSize * caption.scale)}}` : '';
  const events: string[] = [];
  let start = toCentiseconds(caption.startSeconds);
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    const end = toCentiseconds(next ? next.startSeconds : caption.endSeconds);
    if (end > start) {
      events.push(`Dialogue: 0,${formatTime(start)},${formatTime(end)},Caption,,0,0,0,,${size}${captionText(caption, word)}`);
      start = end;
    }
  }
  return events;
}

function captionText(caption: Caption, active: { text: string }): string {
  return caption.lines
    .map((line) =>
      line
        .map((word, index) => {
          const space = index === 0 ? '' : separator(line[index - 1]?.text ?? '', word.text);
          const text = escapeAss(word.text);
          return word === active ? `${space}{\\1c${spoken}}${text}{\\1c${white}}` : space + text;
        })
        .join(''),
    )
    .join('\\N');
}

/** Writes a text so that ASS shows it literally: braces are escaped, and a backslash is kept from joining with what follows. */
export function escapeAss(text: string): string {
  const wordJoiner = '\u2060';
  return text
    .replace(/[\r\n\t]+/g, ' ')
    .replaceAll('\\', `\\${wordJoiner}`)
    .replaceAll('{', '\\{')
    .replaceAll('}', '\\}');
}

function toCentiseconds(seconds: number): number {
  return Math.max(0, Math.round(seconds * 100));
}

function formatTime(centiseconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const seconds = Math.floor(centiseconds / 100);
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${two(centiseconds % 100)}`;
}
