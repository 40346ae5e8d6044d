export type ThemeChoice = 'system' | 'light' | 'dark';

const key = 'carmic.theme';

/** Light or dark: the system's choice, or the reader's own for this browser. */
export class Theme {
  choice = $state<ThemeChoice>('system');
  readonly #system = matchMedia('(prefers-color-scheme: dark)');
  #isSystemDark = $state(this.#system.matches);
  /** What is drawn by script, and not by a style, is drawn anew when this changes. */
  readonly isDark = $derived(this.choice === 'dark' || (this.choice === 'system' && this.#isSystemDark));

  constructor() {
    this.#system.addEventListener('change', ({ matches }) => (this.#isSystemDark = matches));
    const stored = document.documentElement.dataset['theme'];
    if (stored === 'light' || stored === 'dark') {
      this.choice = stored;
    }
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    try {
      if (choice === 'system') {
        delete document.documentElement.dataset['theme'];
        localStorage.removeItem(key);
      } else {
        document.documentElement.dataset['theme'] = choice;
        localStorage.setItem(key, choice);
      }
    } catch {
      // Storage can be blocked: the choice then lasts until the page is left.
    }
  }
}
