import type { Aspect, CaptionStyle, Clip, Rendition } from '@carmic/contract';

/** What is chosen for an export; a language is null where captions are as it is spoken. */
export interface ExportChoice {
  clips: readonly Pick<Clip, 'id' | 'editVersion' | 'renditions'>[];
  aspects: readonly Aspect[];
  styles: readonly CaptionStyle[];
  languages: readonly (string | null)[];
}

/** One file to be made, or the rendition that is it already. */
export interface ExportItem {
  clipId: string;
  aspect: Aspect;
  captionStyle: CaptionStyle;
  captionLanguage: string | null;
  rendition: Rendition | null;
}

/** Every combination of what is chosen, each once: without captions there are no languages. Files that exist of the present cut are named. */
export function planExport({ clips, aspects, styles, languages }: ExportChoice): ExportItem[] {
  return clips.flatMap(({ id, editVersion, renditions }) =>
    aspects.flatMap((aspect) =>
      styles.flatMap((captionStyle) =>
        (captionStyle === 'none' ? [null] : languages).map((captionLanguage) => {
          const made = renditions.filter(
            (each) =>
              each.aspect === aspect &&
              each.captionStyle === captionStyle &&
              each.captionLanguage === captionLanguage &&
              each.editVersion === editVersion &&
              each.state !== 'cancelled' &&
              each.state !== 'failed',
          );
          return { clipId: id, aspect, captionStyle, captionLanguage, rendition: made.at(-1) ?? null };
        }),
      ),
    ),
  );
}
