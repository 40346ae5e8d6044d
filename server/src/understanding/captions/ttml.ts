import type { CaptionFormat } from './captionFormat.ts';
import { CaptionsError, type RawCue } from './cue.ts';
import { formatInlineTime } from './timeLine.ts';
import type { Warnings } from './warnings.ts';

/** How a document counts frames and ticks (TTML 2, 6.2). */
interface Rates {
  frame: number;
  tick: number;
}

interface Tag {
  name: string;
  attributes: Record<string, string>;
  isEnd: boolean;
  isEmpty: boolean;
}

/** An open element with a time of its own: children count from `begin`. */
interface Open {
  name: string;
  begin: number;
  end: number | null;
  isTimed: boolean;
}

const local = (name: string) => name.slice(name.indexOf(':') + 1);

function readTag(source: string): Tag | null {
  const match = /^<(\/?)\s*([A-Za-z_][\w:.-]*)([\s\S]*?)(\/?)>$/.exec(source);
  if (match === null) {
    return null;
  }
  const attributes: Record<string, string> = {};
  for (const found of (match[3] ?? '').matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    attributes[local(found[1] ?? '')] = found[2] ?? found[3] ?? '';
  }
  return { name: local(match[2] ?? '').toLowerCase(), attributes, isEnd: match[1] === '/', isEmpty: match[4] === '/' };
}

/** Reads a TTML time expression: `hh:mm:ss(.fraction|:frames)` or an offset such as `12.5s`, `300ms`, `25f`, `90000t`. */
function parseTime(text: string | undefined, rates: Rates): number | null {
  const clock = /^(\d{1,3}):(\d{2}):(\d{2})(?:(\.\d{1,9})|:(\d{1,3})(?:\.\d+)?)?$/.exec(text?.trim() ?? '');
  if (clock !== null) {
    const [, hours, minutes, seconds, fraction = '0', frames = '0'] = clock;
    return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(fraction) + Number(frames) / rates.frame;
  }
  const offset = /^(\d+(?:\.\d+)?)(h|ms|m|s|f|t)$/.exec(text?.trim() ?? '');
  if (offset === null) {
    return null;
  }
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001, f: 1 / rates.frame, t: 1 / rates.tick };
  return Number(offset[1]) * (units[offset[2] ?? ''] ?? Number.NaN);
}

function readRates(attributes: Record<string, string>): Rates {
  const [up = 1, down = 1] = (attributes['frameRateMultiplier'] ?? '1 1').split(/[\s:]+/).map(Number);
  const frame = (Number(attributes['frameRate'] ?? 30) || 30) * (up / down || 1);
  const subFrames = Number(attributes['subFrameRate'] ?? 1) || 1;
  const tick = Number(attributes['tickRate'] ?? Number.NaN);
  return { frame, tick: Number.isFinite(tick) && tick > 0 ? tick : attributes['frameRate'] === undefined ? 1 : frame * subFrames };
}

/** Begin and end of an element inside its parent. An end or duration that cannot be read is null. */
function timesOf(tag: Tag, parent: Open, rates: Rates): { begin: number; end: number | null; isTimed: boolean; isBroken: boolean } {
  const { begin: from, end: to, dur } = tag.attributes;
  const begin = from === undefined ? 0 : parseTime(from, rates);
  const at = parent.begin + (begin ?? 0);
  const length = parseTime(dur, rates);
  const until = parseTime(to, rates);
  const end = length !== null ? at + length : until !== null ? parent.begin + until : parent.end;
  return { begin: at, end, isTimed: from !== undefined || to !== undefined || dur !== undefined, isBroken: begin === null };
}

interface OpenCue {
  cue: RawCue;
  text: string;
  isBroken: boolean;
}

/** Walks the tags of a document. Times nest: a paragraph counts from its division, a span from its paragraph (TTML 2, 12.1). */
function readDocument(text: string, warnings: Warnings): { cues: RawCue[]; firstBad: number | null; badCount: number } {
  const cues: RawCue[] = [];
  const names = new Map<string, string>();
  const stack: Open[] = [{ name: '', begin: 0, end: null, isTimed: false }];
  let rates: Rates = { frame: 30, tick: 1 };
  let open: OpenCue | null = null;
  let agent: string | null = null;
  let firstBad: number | null = null;
  let badCount = 0;
  let line = 1;
  for (const [piece] of text.matchAll(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<[^>]*>|[^<]+|</g)) {
    const startLine = line;
    line += piece.split('\n').length - 1;
    const tag = piece.startsWith('<') ? readTag(piece) : null;
    const parent = stack.at(-1) ?? { name: '', begin: 0, end: null, isTimed: false };
    if (tag === null) {
      if (open !== null && !/^<[?!]/.test(piece)) {
        open.text += piece;
      } else if (agent !== null && piece.trim() !== '' && !piece.startsWith('<')) {
        names.set(agent, piece.trim());
      }
      continue;
    }
    if (tag.isEnd) {
      const at = stack.findLastIndex((element) => element.name === tag.name);
      if (at > 0) {
        const [closed] = stack.splice(at);
        if (closed?.name === 'span' && closed.isTimed && open !== null && closed.end !== null) {
          open.text += formatInlineTime(closed.end);
        }
      }
      if (tag.name === 'agent') {
        agent = null;
      }
      if (tag.name === 'p' && open !== null) {
        if (!open.isBroken && open.text.replace(/<[^>]*>/g, '').trim() !== '') {
          cues.push({ ...open.cue, lines: [open.text.replace(/\s+/g, ' ').trim()] });
        }
        open = null;
      }
      continue;
    }
    if (tag.name === 'tt') {
      rates = readRates(tag.attributes);
    }
    if (tag.name === 'agent') {
      agent = tag.attributes['id'] ?? null;
    }
    if (tag.name === 'br' && open !== null) {
      open.text += ' ';
    }
    const times = timesOf(tag, parent, rates);
    if (!tag.isEmpty) {
      stack.push({ name: tag.name, ...times });
    }
    if (tag.name === 'p' && !tag.isEmpty) {
      if (times.isBroken || (!times.isTimed && parent.end === null)) {
        firstBad ??= startLine;
        badCount += 1;
        warnings.add(startLine, 'its times cannot be read, so this caption was left out.');
      }
      const speaker = (names.get(tag.attributes['agent'] ?? '') ?? '').replace(/[<>]/g, '');
      open = {
        cue: { line: startLine, startSeconds: times.begin, endSeconds: times.end, lines: [] },
        text: speaker === '' ? '' : `<v ${speaker}>`,
        isBroken: times.isBroken || (!times.isTimed && parent.end === null),
      };
    }
    if (tag.name === 'span' && times.isTimed && open !== null && tag.attributes['begin'] !== undefined) {
      open.text += formatInlineTime(times.begin);
    }
  }
  return { cues, firstBad, badCount };
}

/** TTML and its profiles (DFXP, IMSC, EBU-TT): nested times, frames and ticks, timed spans as word times, agents as speakers. */
export const ttml: CaptionFormat = {
  name: 'TTML',
  matches: (text) => /^\s*(<\?xml[\s\S]{0,200}?\?>\s*)?(<!--[\s\S]*?-->\s*)*<(\w+:)?tt[\s>]/i.test(text),
  read(lines, warnings) {
    const { cues, firstBad, badCount } = readDocument(lines.join('\n'), warnings);
    if (firstBad !== null && badCount > cues.length) {
      throw new CaptionsError(
        `The times of line ${firstBad} and of ${badCount - 1} other captions cannot be read. Write them as begin="00:00:01.000".`,
        firstBad,
      );
    }
    return cues;
  },
};
