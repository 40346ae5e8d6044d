import type { Impact } from '@carmic/contract';

/** What a change of a plan would end, shown before it is saved, and the person's consent to exactly that. */
export interface ImpactGate {
  /** The impact shown for the values in the form now, or null where it is still to be asked for. */
  readonly shown: Impact | null;
  /** What the person typed as the number of videos. */
  typed: string;
  /** Whether a figure that must be typed in is still missing. */
  readonly isLocked: boolean;
  /** Shows an impact for the values of this moment. */
  show: (impact: Impact) => void;
  forget: () => void;
  /** What the server wants to see beside the change. */
  confirm: () => { fingerprint: string; typedVideoCount?: number };
}

/**
 * A figure that was shown belongs to the very values it was shown for: with any other it is asked for again.
 * @param values the form's values as one text, read anew each time
 */
export function createImpactGate(values: () => string): ImpactGate {
  let impact = $state.raw<Impact | null>(null);
  let shownFor = $state('');
  let typed = $state('');
  const shown = $derived(shownFor === values() ? impact : null);
  return {
    get shown() {
      return shown;
    },
    get typed() {
      return typed;
    },
    set typed(text: string) {
      typed = text;
    },
    get isLocked() {
      return shown?.needsTyping === true && typed.trim() !== String(shown.expiring.videos);
    },
    show: (found) => {
      impact = found;
      shownFor = values();
    },
    forget: () => {
      impact = null;
    },
    confirm: () => ({
      fingerprint: shown?.fingerprint ?? '',
      ...(shown?.needsTyping === true ? { typedVideoCount: Number(typed) } : {}),
    }),
  };
}
