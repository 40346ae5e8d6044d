import type { Messages } from '../messages/en.ts';

/** The languages the console speaks, each by its own name. */
export const languageNames = { en: 'English', de: 'Deutsch' } as const;
type Language = keyof typeof languageNames;
export const languages = Object.keys(languageNames) as Language[];

const key = 'carmic.language';
const loaders: Record<Language, () => Promise<Messages>> = {
  en: async () => (await import('../messages/en.ts')).en,
  de: async () => (await import('../messages/de.ts')).de,
};

const isLanguage = (value: string | null): value is Language => value !== null && value in languageNames;

/** The reader's own choice for this browser, else the first of the browser's languages that the console speaks, else English. */
export function preferredLanguage(stored: string | null, wanted: readonly string[]): Language {
  if (isLanguage(stored)) {
    return stored;
  }
  return wanted.map((tag) => tag.split('-')[0]?.toLowerCase() ?? '').find(isLanguage) ?? 'en';
}

function readChoice(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Which language is spoken. Only the chosen one is loaded; another comes when it is chosen. */
export class LanguageChoice {
  current = $state<Language>('en');
  #messages = $state.raw<Messages | null>(null);

  /** The words of whatever language is chosen when they are read, so that nobody has to be told of a change. */
  readonly t = new Proxy({} as Messages, { get: (_target, name) => this.#messages && Reflect.get(this.#messages, name) });

  /** Loads the language this browser wants; before it nothing can be said. */
  async start(): Promise<void> {
    await this.#take(preferredLanguage(readChoice(), navigator.languages));
  }

  /** Speaks another language from now on, in this browser. */
  async choose(language: Language): Promise<void> {
    try {
      localStorage.setItem(key, language);
    } catch {
      // Storage can be blocked: the choice then lasts until the page is left.
    }
    await this.#take(language);
  }

  async #take(language: Language): Promise<void> {
    this.#messages = await loaders[language]();
    this.current = language;
    document.documentElement.lang = language;
  }
}
