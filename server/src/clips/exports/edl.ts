import type { Cut } from './cut.ts';

/** Writes a cut as an edit decision list in CMX 3600's form, without dropped frames, the source's time code from zero. */
export function buildEdl(cut: Cut): string {
  const perSecond = Math.round(cut.rate.numerator / cut.rate.denominator);
  const time = (frames: number) => {
    const two = (value: number) => String(value).padStart(2, '0');
    const seconds = Math.floor(frames / perSecond);
    return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60, frames % perSecond].map(two).join(':');
  };
  const track = cut.hasSound ? 'B  ' : 'V  ';
  const events = cut.pieces.flatMap((piece, index) => {
    const spans = [piece.sourceFrame, piece.sourceFrame + piece.frames, piece.cutFrame, piece.cutFrame + piece.frames];
    return [
      `${String(index + 1).padStart(3, '0')}  AX       ${track}   C        ${spans.map(time).join(' ')}`,
      `* FROM CLIP NAME: ${plain(cut.fileName)}`,
    ];
  });
  return [`TITLE: ${plain(cut.title).slice(0, 70)}`, 'FCM: NON-DROP FRAME', '', ...events, ''].join('\n');
}

/** One line of text. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}
