/** Filters that take words out of the sound: silence in their place, and a tone over it where one is wanted. Times are of the clip. */

export interface SoundSpan {
  startSeconds: number;
  endSeconds: number;
}

/** The ends of words are heard: a little more is taken than the transcript says. */
const marginSeconds = 0.03;
/** Long enough that neither end clicks. */
const fadeSeconds = 0.006;
const toneHertz = 1000;
/** As loud as speech at the loudness of clips. */
const toneAmplitude = 0.1;

/** Silences spans; empty without any, otherwise ending in a comma. */
export function muteFilter(spans: readonly SoundSpan[]): string {
  if (spans.length === 0) {
    return '';
  }
  return `aeval=exprs='${gate(spans)};val(0)*ld(0)|${gate(spans)};val(1)*ld(0)':c=same,`;
}

/** Puts a tone over spans that are silent already; empty without any, otherwise ending in a comma. */
export function beepFilter(spans: readonly SoundSpan[]): string {
  if (spans.length === 0) {
    return '';
  }
  const tone = `${toneAmplitude}*sin(2*PI*${toneHertz}*t)*(1-ld(0))`;
  return `aeval=exprs='${gate(spans)};val(0)+${tone}|${gate(spans)};val(1)+${tone}':c=same,`;
}

/** An expression that stores 0 inside the spans and 1 outside, with short slopes between. */
function gate(spans: readonly SoundSpan[]): string {
  const factors = spans.map(({ startSeconds, endSeconds }) => {
    const middle = ((startSeconds + endSeconds) / 2).toFixed(4);
    const half = ((endSeconds - startSeconds) / 2 + marginSeconds).toFixed(4);
    return `clip((abs(t-${middle})-${half})/${fadeSeconds},0,1)`;
  });
  return `st(0,${factors.join('*')})`;
}
