import type { ScorePart } from '@carmic/contract';
import { takenShare } from './calibration.ts';
import { explain, isTheme } from './explain.ts';
import { featureNames } from './features.ts';
import type { Scale } from './scale.ts';
import { subjectReason } from './subject.ts';
import type { Talk } from './talk.ts';
import { themeNames } from './themes.ts';
import type { Profile } from './weights.ts';
import type { Window } from './windows.ts';

/** The middle of the scale: a window with nothing special. */
const base = 50;
const round = (value: number) => Math.round(value * 10) / 10;

/** Only editors of interviews have been asked, so to speak. */
const shareText = (profile: Profile, score: number) =>
  profile === 'conversation'
    ? ` Of interview clips with such a score, editors took about ${Math.round(takenShare(score) * 100)} in 100.`
    : '';

/** The score of 0 to 100 with its parts, largest first. The parts add up to the score. */
export function explainScore(
  talk: Talk,
  window: Window,
  scale: Scale,
  more: readonly ScorePart[] = [],
): { score: number; parts: ScorePart[] } {
  const parts: ScorePart[] = [...more];
  for (const name of featureNames) {
    if (isTheme(name)) {
      continue;
    }
    const points = round(scale.pointsOf(name, window.values));
    if (Math.abs(points) >= 0.5) {
      parts.push({ name, points, ...explain(name, points > 0, talk, window) });
    }
  }
  const subject = round(themeNames.reduce((total, name) => total + scale.pointsOf(name, window.values), 0));
  if (Math.abs(subject) >= 0.5) {
    parts.push({ name: 'subject', label: 'Subject', points: subject, reason: subjectReason(talk, window, scale, subject > 0) });
  }
  parts.sort((a, b) => Math.abs(b.points) - Math.abs(a.points) || (a.name < b.name ? -1 : 1));
  const sum = parts.reduce((total, part) => total + part.points, 0);
  const score = round(Math.max(1, Math.min(99, base + sum)));
  parts.unshift({
    name: 'whole_sentences',
    label: 'Whole sentences',
    points: round(score - sum),
    reason: `It is ${Math.round(window.endSeconds - window.startSeconds)} s long and begins and ends with a sentence: the ground every clip starts from.${shareText(scale.profile, score)}`,
  });
  return { score, parts };
}
