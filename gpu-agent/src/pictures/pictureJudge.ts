import { z } from 'zod';
import { askProcess } from '../neural/askProcess.ts';

/** What judges pictures, as it is called in verdicts. */
export const pictureModel = 'nsfwjs MobileNetV2Mid';

/** Width and height of a picture that is judged. */
export const pictureSide = 224;

export interface PictureJudge {
  /** How likely a picture (224 by 224, RGB, 8 bits each) is nudity or sex, 0 to 1. */
  judge(rgb: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Makes a judge. Its process and model are started by the first picture and stay. */
export function createPictureJudge(nice = 0): PictureJudge {
  const line = askProcess<{ rgb: Uint8Array }, number>(
    new URL('./pictureProcess.mjs', import.meta.url),
    z.number(),
    'The judge of pictures',
    nice,
  );
  return { judge: (rgb) => line.ask({ rgb }), close: line.close };
}
