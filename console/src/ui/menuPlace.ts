const gap = 6;
const edge = 12;
const least = 80;

/** Puts an open menu beside its button: on the wanted side where it fits, else where there is more room, and never beyond the window. */
export function placeMenu(
  menu: HTMLElement,
  anchor: HTMLElement,
  { align, side }: { align: 'start' | 'end'; side: 'top' | 'bottom' },
): void {
  const at = anchor.getBoundingClientRect();
  const isLeft = (align === 'start') === (getComputedStyle(anchor).direction !== 'rtl');
  const width = menu.offsetWidth;
  const height = menu.scrollHeight + menu.offsetHeight - menu.clientHeight;
  const [above, below] = [at.top - gap - edge, innerHeight - at.bottom - gap - edge];
  const isAbove = side === 'top' ? height <= above || above >= below : height > below && above > below;
  const shown = Math.min(height, Math.max(least, isAbove ? above : below));
  const left = Math.max(edge, Math.min(isLeft ? at.left : at.right - width, innerWidth - edge - width));
  Object.assign(menu.style, {
    maxHeight: `${shown}px`,
    left: `${left}px`,
    top: `${isAbove ? at.top - gap - shown : at.bottom + gap}px`,
  });
}

/**
 * The line that typed letters lead to: the next one behind `at` that begins with them, round the end; one letter again and again goes through all
 * that begin with it. -1 where none does.
 */
export function findByLetters(texts: readonly string[], letters: string, at: number): number {
  const isOneLetter = new Set(letters).size === 1;
  const wanted = (isOneLetter ? letters.charAt(0) : letters).toLowerCase();
  const begin = isOneLetter ? at + 1 : Math.max(0, at);
  for (let step = 0; step < texts.length; step++) {
    const index = (begin + step) % texts.length;
    if (texts[index]?.toLowerCase().startsWith(wanted) === true) {
      return index;
    }
  }
  return -1;
}
