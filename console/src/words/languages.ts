/** Languages that people are offered for captions, by BCP 47 tag; any other can be asked for through the API. */
const offered =
  'ar bg cs da de el en es et fi fr he hi hu id it ja ko lt lv nb nl pl pt pt-BR ro ru sk sl sv th tr uk vi zh-Hans zh-Hant'.split(' ');

/** The name of a language in the language of the console. */
export function languageName(tag: string, locale: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The offered languages by name. */
export function languageChoices(locale: string): { tag: string; name: string }[] {
  return offered.map((tag) => ({ tag, name: languageName(tag, locale) })).sort((a, b) => a.name.localeCompare(b.name, locale));
}
