import type { TimedText } from './cue.ts';
import { parseClock } from './timeLine.ts';

const entities: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  lrm: '',
  rlm: '',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  eacute: 'é',
  egrave: 'è',
  agrave: 'à',
  ccedil: 'ç',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  szlig: 'ß',
  ntilde: 'ñ',
};

function fromCodePoint(code: number, written: string): string {
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : written;
}

/** Replaces named and numeric character references; unknown ones stay as written. */
export function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (written, name: string) => {
    if (name.startsWith('#x') || name.startsWith('#X')) {
      return fromCodePoint(Number.parseInt(name.slice(2), 16), written);
    }
    return name.startsWith('#') ? fromCodePoint(Number(name.slice(1)), written) : (entities[name.toLowerCase()] ?? written);
  });
}

const inlineTime = /<(\d[\d:.,]*)>/;
const voice = /<v(?:\.[^\s<>]{0,60})?\s+([^<>]{1,120})>/i;
// A tag is a letter right behind "<": "a < b" and "<3" are text.
const tag = /<\/?[a-z][^<>\n]{0,300}>/gi;
const override = /\{\\[^{}]{0,300}\}|\{[ibus]\}|\{\/[ibus]\}/gi;

/** Removes tags, override codes and entities, and folds white space. */
export function plainText(text: string): string {
  return decodeEntities(
    text
      .replace(/<rt>[^<]{0,60}<\/rt>/gi, '')
      .replace(new RegExp(inlineTime, 'g'), '')
      .replace(tag, '')
      .replace(override, '')
      .replace(/\\[Nn]/g, ' ')
      .replace(/\\h/g, ' '),
  )
    .replace(/[\u200B-\u200F\u202A-\u202E\u2060\uFEFF]/g, '')
    .replace(/[\s\u00A0]+/g, ' ')
    .trim();
}

/** The name in a `<v Name>` tag, or null. */
export function voiceOf(text: string): string | null {
  const name = voice.exec(text)?.[1];
  return name === undefined ? null : plainText(name).slice(0, 60) || null;
}

/** The words of a text with inline times such as `<00:00:01.500>`, each with its start; null when it carries none. */
export function timedWordsOf(text: string, cueStartSeconds: number): TimedText[] | null {
  const parts = text.split(new RegExp(inlineTime, 'g'));
  if (parts.length < 3) {
    return null;
  }
  const words: TimedText[] = [];
  let at = cueStartSeconds;
  for (const [i, part] of parts.entries()) {
    if (i % 2 === 1) {
      at = parseClock(part) ?? at;
      continue;
    }
    for (const word of plainText(part).split(' ')) {
      if (word !== '') {
        words.push({ text: word, startSeconds: at });
      }
    }
  }
  return words;
}
