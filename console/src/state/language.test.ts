import { describe, expect, it } from 'vitest';
import { de } from '../messages/de.ts';
import { editing as editingDe } from '../messages/editing.de.ts';
import { editing as editingEn } from '../messages/editing.en.ts';
import { en } from '../messages/en.ts';
import { preferredLanguage } from './language.svelte.ts';

/** Texts that may be the same in both languages: names, units, and words that German shares. */
const shared = new Set(
  (
    'Carmic|Clips|Clip|System|Code|Version|Video|Videos|Logo|Name|Passkeys|Webhooks|PDF|SRT|VTT|Link|Upload|Uploads|Zoom|Neon|Encoder|Text|API|SSIM|' +
    'Node|PostgreSQL|Schema|Deepgram|LibreTranslate|Docker|systemd|Helm|Rate|Kana|Hangul|Devanagari|Scopes|YouTube|TikTok|Instagram|LinkedIn|X|Montserrat|Poppins|Anton|Agent|Player|Minimal|English|Deutsch'
  ).split('|'),
);

/** Every text of a catalogue by its path; functions are asked with figures and names. */
function textsOf(value: unknown, path: string, found: Map<string, string>): Map<string, string> {
  if (typeof value === 'string') {
    found.set(path, value);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      textsOf(part, path === '' ? key : `${path}.${key}`, found);
    }
  }
  return found;
}

describe('German', () => {
  it('has every text that English has, none of them empty and none of them English', () => {
    const english = textsOf({ ...en, editing: editingEn }, '', new Map());
    const german = textsOf({ ...de, editing: editingDe }, '', new Map());
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
    expect([...german].filter(([path, text]) => text.trim() === '' && english.get(path) !== '')).toEqual([]);
    const same = [...german].filter(([path, text]) => text === english.get(path) && /[a-z]{3}/i.test(text) && !shared.has(text));
    expect(same).toEqual([]);
    const leftovers = [...german].filter(([, text]) => /\b(the|and|with|this|your|you|cannot|from|not)\b/i.test(text));
    expect(leftovers).toEqual([]);
  });

  it('tells what the server says by its code, and quotes what only the server knows', () => {
    expect(de.server.error('not_found', 'There is no such video.')).toBe('Das gibt es nicht, oder nicht mehr.');
    expect(de.server.error('quota_exceeded', 'The plan allows 3 members.')).toBe(
      'Das übersteigt, was Ihr Tarif erlaubt. Der Server meldet: „The plan allows 3 members.“',
    );
    const part = { name: 'reasons', label: 'Gives reasons', reason: 'Gives reasons: “because”, 2.0 in 100 words, which helps.', points: 3 };
    expect(de.server.scorePart(part)).toEqual({ label: 'Nennt Gründe', reason: 'Nennt Gründe: „because“, das hilft.' });
    expect(de.server.note('3 of 5 finished')).toBe('3 von 5 fertig');
  });

  it('writes numbers as German does', () => {
    expect(de.video.transcriptEngine('whisper', 12_345)).toBe('whisper · 12.345 Wörter');
  });
});

describe('the language of a visitor', () => {
  it('is their own choice, else the first of the browser that is spoken, else English', () => {
    expect(preferredLanguage('en', ['de-DE'])).toBe('en');
    expect(preferredLanguage(null, ['fr-FR', 'de-AT', 'en'])).toBe('de');
    expect(preferredLanguage('klingon', ['fr'])).toBe('en');
    expect(preferredLanguage(null, [])).toBe('en');
  });
});
