/** Plans the captions of a clip and writes their files into the scratch folder. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RenderSpec } from '@carmic/contract';
import {
  buildSrt,
  buildVtt,
  type CaptionPlan,
  type ClipWord,
  captionTemplates,
  type LoadedFont,
  planCaptions,
  type SeenFace,
  type Timeline,
} from '@carmic/captions';
import { fontPath, loadFontStack } from '@carmic/captions/node';
import type { SoundSpan } from './censor.ts';
import { renderFiles } from './filterGraph.ts';

export interface WrittenCaptions {
  plan: CaptionPlan;
  /** Where swearing is silenced. */
  muted: SoundSpan[];
  /** Where a tone stands in its place. */
  beeped: SoundSpan[];
}

/** Plans captions; null when nothing is said. */
export function planClipCaptions(
  spec: RenderSpec,
  timeline: Timeline,
  size: { width: number; height: number },
  faces: readonly SeenFace[],
  ownFont: LoadedFont | null = null,
): WrittenCaptions | null {
  const { captions } = spec;
  if (captions === null || captions.words.length === 0) {
    return null;
  }
  const font = captions.look?.font ?? captionTemplates[captions.style === 'none' ? 'karaoke' : captions.style].font;
  const fonts = loadFontStack(font, captions.words.map((word) => word.text).join(''), captions.language, ownFont);
  const plan = planCaptions({ ...captions, timeline, ...size, fonts, faces });
  const sound = captions.profanity?.sound ?? 'keep';
  return { plan, muted: sound === 'keep' ? [] : plan.swearing, beeped: sound === 'beep' ? plan.swearing : [] };
}

/** Writes the files of planned captions: ASS with the fonts it names, SRT, VTT, and the words. */
export async function writeCaptionFiles({ plan }: WrittenCaptions, language: string, directory: string): Promise<void> {
  const fonts = join(directory, renderFiles.fonts);
  await mkdir(fonts, { mode: 0o700 });
  // Copied, because a path of the installation could hold characters that mean something in a filter.
  for (const font of plan.fonts) {
    await (font.file === ''
      ? copyFile(join(directory, renderFiles.brandFont), join(fonts, renderFiles.brandFont))
      : copyFile(fontPath(font), join(fonts, basename(font.file))));
  }
  await writeFile(join(directory, renderFiles.captions), plan.ass);
  await writeFile(join(directory, renderFiles.srt), buildSrt(plan.captions));
  await writeFile(join(directory, renderFiles.vtt), buildVtt(plan.captions));
  await writeFile(join(directory, renderFiles.words), JSON.stringify({ language, words: plan.words.map(plainWord) }, null, 2));
}

/** A word without what only the layout of lines needs. */
const plainWord = ({ sourceSeconds: _, before: __, ...word }: ClipWord): ClipWord => word;
