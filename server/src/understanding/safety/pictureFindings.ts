import type { Analysis, SafetyFinding } from '@carmic/contract';

/** Frames further apart than this do not agree with each other, whatever lies between them. */
const agreeingSeconds = 45;
/** A finding reaches this far around its frames. */
const aroundSeconds = 1;

const round = (seconds: number) => Math.round(seconds * 100) / 100;

/**
 * Runs of at least two neighbouring frames that reach `threshold`: one frame alone proves nothing. The score of a run is that of its second
 * best frame, so that it is what two frames agree on.
 */
export function pictureFindings(pictures: Analysis['pictures'], threshold: number, durationSeconds: number): SafetyFinding[] {
  const findings: SafetyFinding[] = [];
  let run: { at: number; score: number }[] = [];
  const close = () => {
    const first = run[0];
    const last = run.at(-1);
    if (run.length >= 2 && first !== undefined && last !== undefined) {
      const scores = run.map(({ score }) => score).sort((a, b) => b - a);
      findings.push({
        startSeconds: round(Math.max(0, first.at - aroundSeconds)),
        endSeconds: round(Math.min(Math.max(durationSeconds, last.at), last.at + aroundSeconds)),
        category: 'pictures',
        score: scores[1] ?? 0,
        excerpt: '',
        timesSeconds: run.slice(0, 200).map(({ at }) => round(at)),
      });
    }
    run = [];
  };
  for (const [i, at] of (pictures?.atSeconds ?? []).entries()) {
    const score = pictures?.scores[i] ?? 0;
    const last = run.at(-1);
    if (score < threshold || (last !== undefined && at - last.at > agreeingSeconds)) {
      close();
    }
    if (score >= threshold) {
      run.push({ at, score });
    }
  }
  close();
  return findings;
}
