import { featureNames } from './features.ts';
import type { Scale } from './scale.ts';
import type { Talk } from './talk.ts';
import { meaningOf, themeNames } from './themes.ts';
import { isContentToken } from './tokens.ts';
import type { Window } from './windows.ts';

/** The words of a clip whose meaning moves the score most, in one sentence. */
export function subjectReason(talk: Talk, window: Window, scale: Scale, helps: boolean): string {
  const from = talk.sentences[window.first]?.first ?? 0;
  const to = talk.sentences[window.last]?.last ?? -1;
  const at = featureNames.indexOf(themeNames[0]);
  const found = new Map<string, number>();
  for (const token of new Set(talk.tokens.slice(from, to + 1))) {
    const { weight, values } = meaningOf(token);
    if (weight < 0.3 || !isContentToken(token, talk.functions)) {
      continue;
    }
    const moved = Float64Array.from(window.values);
    moved.set(values, at);
    const points = themeNames.reduce((sum, name) => sum + scale.pointsOf(name, moved), 0);
    found.set(token, weight * (helps ? points : -points));
  }
  const words = [...found].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 4);
  const list = words.map(([token]) => `“${token}”`).join(', ');
  const about = list === '' ? 'By the meaning of its words' : `By the meaning of words such as ${list}`;
  return `${about} it is ${helps ? 'like' : 'unlike'} what editors of interviews pick.`;
}
