import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const fontPath = createRequire(import.meta.url).resolve('@expo-google-fonts/montserrat/800ExtraBold/Montserrat_800ExtraBold.ttf');

/** The font that captions are drawn with (Montserrat ExtraBold, SIL Open Font License 1.1). */
export const captionFont = { path: fontPath, family: 'Montserrat ExtraBold' } as const;

/** The folder libass finds it in. */
export const fontsDirectory = dirname(fontPath);
