import type { ObjectData } from '../core/dataMap.ts';
import type { ParsedKey } from '../storage/keys.ts';
import type { ObjectKind } from './model.ts';

const content = { class: 'content', purpose: 'service', retention: 'content', recipients: ['members', 'agents', 'storage'] } as const;
const brand = { ...content, retention: 'workspace' } as const;
const published = { ...content, recipients: ['members', 'agents', 'storage', 'cdn'] } as const;

/** Kinds that only their key tells; the others are in `stored_objects`. */
type KeptOutside = Exclude<ParsedKey['kind'], 'source' | 'output' | 'transcript' | 'captions' | 'brand'>;

/** What every kind of stored object holds: a new kind without a line here is an error of the compiler. */
export const objectData: Readonly<Record<ObjectKind | 'captions' | KeptOutside, ObjectData>> = {
  source: { about: 'The video as it was uploaded', ...content },
  captions: { about: 'A caption file as it was supplied', ...content },
  transcript: { about: 'Words with their times', ...content },
  proxy: { about: 'The video, small, for the console', ...content },
  thumbnail: { about: 'A picture of the video', ...content },
  analysis: { about: 'Cuts, loudness and where faces are in a picture; no face is told from another person’s', ...content },
  audio: { about: 'Sound for transcription; gone once the transcript is there', ...content, retention: 'work' },
  video: { about: 'A rendered clip', ...published },
  cover: { about: 'A picture of a clip', ...published },
  cover2: { about: 'A picture of a clip', ...published },
  cover3: { about: 'A picture of a clip', ...published },
  srt: { about: 'Captions of a clip', ...published },
  vtt: { about: 'Captions of a clip', ...published },
  ass: { about: 'Captions of a clip, with their look', ...published },
  words: { about: 'Words of a clip, with their times', ...published },
  brand_font: { about: 'A font of a brand kit', ...brand },
  brand_logo: { about: 'A logo of a brand kit', ...brand },
  brand_intro: { about: 'A video that is played before clips', ...brand },
  brand_outro: { about: 'A video that is played after clips', ...brand },
  journal: {
    about: 'Numbers of what was deleted, so that a restored backup deletes it again',
    ...{ class: 'id', purpose: 'deletion', retention: 'installation', recipients: ['storage'] },
  },
  archive: {
    about: 'Everything about one person, for them to fetch',
    ...{ class: 'content', purpose: 'rights', retention: 'expiry', recipients: ['storage'] },
  },
  probe: {
    about: 'A few bytes with which a start tries the storage',
    ...{ class: 'state', purpose: 'operation', retention: 'work', recipients: ['storage'] },
  },
};
