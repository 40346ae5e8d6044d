import { createRequire } from 'node:module';

const fontPath = createRequire(import.meta.url).resolve('@expo-google-fonts/montserrat/800ExtraBold/Montserrat_800ExtraBold.ttf');

/** The font that captions are drawn with (Montserrat ExtraBold, SIL Open Font License 1.1). */
export const captionFont = { path: fontPath, family: 'Montserrat ExtraBold' } as const;
