import { editing as german } from './editing.de.ts';
import { editing as english, type EditingWords } from './editing.en.ts';
import type { Messages } from './en.ts';

/** The words of the clip editor in the language that is spoken. They are no part of the first load. */
export const editingWords = ({ locale }: Messages): EditingWords => (locale === 'de' ? german : english);
