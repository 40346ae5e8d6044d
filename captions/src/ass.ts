/** Writes captions as an Advanced SubStation Alpha file: what the render burns in and the console's preview draws. */
import type { FontStack, TextRun } from './captionFonts.ts';
import { type Caption, separator } from './layCaptions.ts';
import { type CaptionPlace, type ResolvedLook, withCase } from './look.ts';
import type { ClipWord } from './mapWords.ts';

/** A caption with the place it stands in. */
export interface PlacedCaption extends Caption {
  place: CaptionPlace;
}

interface Drawing {
  look: ResolvedLook;
  fonts: FontStack;
  language: string;
  /** Speakers in the order they are first heard. */
  speakers: readonly string[];
}

const alignment: Record<CaptionPlace, number> = { bottom: 2, middle: 5, top: 8 };

/** The whole document. */
export function buildAss(captions: readonly PlacedCaption[], look: ResolvedLook, fonts: FontStack, language: string): string {
  const speakers = [...new Set(captions.flatMap((caption) => caption.lines.flat().flatMap((word) => word.speaker ?? [])))];
  const drawing: Drawing = { look, fonts, language, speakers };
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
    styleLine('Caption', drawing, look.template.hasBox),
    ...(look.template.motion === 'box' ? [styleLine('Active', drawing, true)] : []),
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    ...captions.flatMap((caption) => captionEvents(caption, drawing)),
    '',
  ].join('\n');
}

function styleLine(name: string, { look, fonts }: Drawing, hasBox: boolean): string {
  const { template, fontSize, safe, outline } = look;
  const isActive = name === 'Active';
  const text = styleColour(isActive ? template.activeColour : template.textColour);
  const back = styleColour(template.boxColour);
  // 1: an outline. 3: a box around the text of each line, as wide as the outline. One box around a whole caption (4) is an invention of libass
  // that its versions draw differently: the preview and the finished clip would not be the same.
  const [kind, border, width, shadow] = isActive
    ? [3, back, Math.round(fontSize * 0.12), 0]
    : hasBox
      ? [3, back, outline, 0]
      : [1, styleColour(template.outlineColour), outline, 0];
  // Encoding -1 lets the text decide in which direction it runs.
  return `Style: ${[
    ...[name, fonts.primary.family, fontSize, text, text, border, back],
    ...[0, 0, 0, 0, 100, 100, 0, 0, kind, width, shadow, 2, safe.side, safe.side, safe.bottom, -1],
  ].join(',')}`;
}

/** One event for a caption that stands still; otherwise one for every word, from its start to the next word's. */
function captionEvents(caption: PlacedCaption, drawing: Drawing): string[] {
  const words = caption.lines.flat();
  const times =
    drawing.look.template.motion === 'still'
      ? [{ word: undefined, from: caption.startSeconds, to: caption.endSeconds }]
      : words.map((word, index) => ({ word, from: word.startSeconds, to: words[index + 1]?.startSeconds ?? caption.endSeconds }));
  const events: string[] = [];
  let start = toCentiseconds(caption.startSeconds);
  for (const { word, to } of times) {
    const end = toCentiseconds(to);
    if (end > start) {
      events.push(eventLine(caption, word, start, end, drawing));
      start = end;
    }
  }
  return events;
}

function eventLine(caption: PlacedCaption, active: ClipWord | undefined, start: number, end: number, drawing: Drawing): string {
  const { look } = drawing;
  const margin = caption.place === 'top' ? look.safe.top : 0;
  const opening = [
    ...(caption.place === 'bottom' ? [] : [`\\an${alignment[caption.place]}`]),
    ...(caption.scale < 1 ? [`\\fs${Math.floor(look.fontSize * caption.scale)}`] : []),
    ...(look.blur > 0 ? [`\\blur${look.blur}`] : []),
    ...(look.template.motion === 'pop' ? ['\\fscx78\\fscy78\\t(0,80,\\fscx106\\fscy106)\\t(80,140,\\fscx100\\fscy100)'] : []),
    ...speakerColour(caption, drawing),
  ].join('');
  const text = (opening === '' ? '' : `{${opening}}`) + captionText(caption, active, drawing, opening);
  return `Dialogue: 0,${formatTime(start)},${formatTime(end)},Caption,,0,0,${margin},,${text}`;
}

function speakerColour(caption: PlacedCaption, { look, speakers }: Drawing): string[] {
  const colours = look.template.speakerColours;
  const speaker = caption.lines[0]?.[0]?.speaker;
  if (!colours || speaker === undefined) {
    return [];
  }
  return [`\\1c${inlineColour(colours[speakers.indexOf(speaker) % colours.length] ?? look.template.textColour)}`];
}

function captionText(caption: Caption, active: ClipWord | undefined, drawing: Drawing, opening: string): string {
  const words = caption.lines.flat();
  const activeIndex = active ? words.indexOf(active) : -1;
  let index = -1;
  return caption.lines
    .map((line) => {
      const texts = line.map((word, at) => {
        index += 1;
        const space = at === 0 ? '' : separator(line[at - 1]?.text ?? '', word.text);
        return space + drawWord(word, index - activeIndex, drawing, opening);
      });
      return (isRightToLeft(line) ? rightToLeftMark : '') + texts.join('');
    })
    .join('\\N');
}

/** A word in its fonts, marked by how it stands to the spoken one: before it, it, or behind it. */
function drawWord(word: ClipWord, distance: number, { look, fonts, language }: Drawing, opening: string): string {
  const { motion, textColour, activeColour } = look.template;
  const text = writeRuns(fonts.runs(withCase(word.text, look.template, language)), fonts);
  if (motion === 'colour' && distance === 0) {
    return `{\\1c${inlineColour(activeColour)}}${text}{\\1c${inlineColour(textColour)}}`;
  }
  if (motion === 'box' && distance === 0) {
    return `{\\rActive${opening}}${text}{\\r${opening}}`;
  }
  if (motion === 'reveal' && distance > 0) {
    return `{\\alpha&HFF&}${text}{\\alpha&H00&}`;
  }
  return text;
}

function writeRuns(runs: readonly TextRun[], fonts: FontStack): string {
  return runs
    .map(({ text, font }) =>
      font === fonts.primary ? escapeAss(text) : `{\\fn${font.family}}${escapeAss(text)}{\\fn${fonts.primary.family}}`,
    )
    .join('');
}

const rightToLeftMark = '\u200f';
const rightToLeftLetter = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

/** Most letters decide, so that a Hebrew line that begins with a Latin name still begins on the right. */
function isRightToLeft(line: readonly ClipWord[]): boolean {
  const letters = [...line.map((word) => word.text).join('')].filter((letter) => /\p{L}/u.test(letter));
  return letters.filter((letter) => rightToLeftLetter.test(letter)).length * 2 > letters.length;
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

/** ASS writes colours as blue, green, red. */
function styleColour(colour: string): string {
  return `&H00${backwards(colour)}`;
}

function inlineColour(colour: string): string {
  return `&H${backwards(colour)}&`;
}

function backwards(colour: string): string {
  return `${colour.slice(5, 7)}${colour.slice(3, 5)}${colour.slice(1, 3)}`.toUpperCase();
}

function toCentiseconds(seconds: number): number {
  return Math.max(0, Math.round(seconds * 100));
}

function formatTime(centiseconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const seconds = Math.floor(centiseconds / 100);
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${two(centiseconds % 100)}`;
}
