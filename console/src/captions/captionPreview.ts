/** Plans captions and draws them with libass, exactly as the agent does: same code, same fonts, same library. */
import type { CaptionOptions, CaptionStyle, Probe, Span, Transcript } from '@carmic/contract';
import {
  buildFontStack,
  type CaptionPlan,
  captionTemplates,
  fontsForText,
  type LoadedFont,
  loadBrandFont,
  loadFont,
  planCaptions,
  planTimeline,
  type SeenFace,
} from '@carmic/captions';
import JASSUB from 'jassub';
import modernWasmUrl from 'jassub/dist/wasm/jassub-worker-modern.wasm?url';
import wasmUrl from 'jassub/dist/wasm/jassub-worker.wasm?url';
import { fontUrls } from './fontUrls.ts';

export { wordsOfLine } from '@carmic/captions';

/** As the server asks of agents. */
const maxFrameRate = 60;

export interface PreviewRequest extends CaptionOptions {
  style: Exclude<CaptionStyle, 'none'>;
  transcript: Pick<Transcript, 'language' | 'words'>;
  segments: readonly Span[];
  probe: Probe;
  width: number;
  height: number;
  /** A brand’s own font, which goes before the others unless `look` names one. */
  ownFont?: { family: string; url: string } | undefined;
  faces?: readonly SeenFace[] | undefined;
}

const files = new Map<string, Promise<Uint8Array>>();

/** Fetches a font once. */
function fontFile(id: string, url: string = fontUrls[id] ?? ''): Promise<Uint8Array> {
  const known = files.get(id);
  if (known) {
    return known;
  }
  const fetching = fetch(url).then(async (response) => {
    if (!response.ok) {
      throw new Error(`The font ${id} could not be fetched (${response.status}).`);
    }
    return new Uint8Array(await response.arrayBuffer());
  });
  files.set(id, fetching);
  fetching.catch(() => files.delete(id));
  return fetching;
}

/** A brand’s font is known by its family, which is another one for each file. */
const brandFile = ({ family, url }: { family: string; url: string }) => fontFile(`brand ${family}`, url);

/** Plans the captions of a clip. */
export async function planPreview(request: PreviewRequest): Promise<CaptionPlan> {
  const { style, transcript, segments, probe, width, height, look, platform, profanity, breaks, faces } = request;
  const words = transcript.words.filter((word) =>
    segments.some((span) => word.endSeconds > span.startSeconds && word.startSeconds < span.endSeconds),
  );
  const text = words.map((word) => word.text).join('');
  const wanted = fontsForText(look?.font ?? captionTemplates[style].font, text);
  const { ownFont } = request;
  const own = ownFont && look?.font === undefined ? loadBrandFont(ownFont.family, await brandFile(ownFont)) : null;
  const loaded = await Promise.all(wanted.map(async (font): Promise<LoadedFont> => loadFont(font, await fontFile(font.id))));
  const [first, ...rest] = own === null ? loaded : [own, ...loaded];
  if (!first) {
    throw new Error('There is no font for these captions.');
  }
  return planCaptions({
    ...{ style, language: transcript.language, words, width, height, look, platform, profanity, breaks, ...(faces && { faces }) },
    timeline: planTimeline(segments, probe, maxFrameRate),
    fonts: buildFontStack([first, ...rest], text, transcript.language),
  });
}

/** A canvas on which libass draws. */
export interface CaptionCanvas {
  /** Draws what is seen at a time of the clip. Answers false where something newer was wanted before it began. */
  draw(plan: CaptionPlan, seconds: number): Promise<boolean>;
  close(): void;
}

/** Gives a canvas to libass. It is drawn at the size it is shown in. */
export function openCaptionCanvas(canvas: HTMLCanvasElement): CaptionCanvas {
  let drawer: Promise<JASSUB> | null = null;
  let current: CaptionPlan | null = null;
  let closed = false;
  let wanted = 0;
  let shownWidth: number | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const start = async (plan: CaptionPlan): Promise<JASSUB> => {
    const fonts = await Promise.all(plan.fonts.map((font) => fontFile(font.id)));
    const made = new JASSUB({
      ...{ canvas, subContent: plan.ass, wasmUrl, modernWasmUrl, queryFonts: false },
      // Copies, because the bytes are moved into the worker.
      fonts: fonts.map((font) => font.slice()),
      defaultFont: plan.fonts[0]?.family ?? 'Montserrat ExtraBold',
    });
    // It watches the size of the canvas too, and what it draws then comes when it likes, or not at all where the moment is the same: whoever
    // shows the canvas asks for a new picture instead, and everything here goes one after the other.
    made._ro.disconnect();
    await made.ready;
    return made;
  };
  const paint = async (plan: CaptionPlan, seconds: number): Promise<void> => {
    drawer ??= start(plan);
    const jassub = await drawer;
    const before = current ?? plan;
    current = plan;
    if (closed) {
      return;
    }
    if (before !== plan) {
      const fonts = await Promise.all(
        plan.fonts.filter((font) => !before.fonts.some((known) => known.id === font.id)).map((font) => fontFile(font.id)),
      );
      await jassub.renderer.addFonts(fonts.map((font) => font.slice()));
      await jassub.renderer.setTrack(plan.ass);
    }
    const { width, height } = plan.look;
    const [isFirst, isResized] = [shownWidth === null, shownWidth !== canvas.clientWidth];
    shownWidth = canvas.clientWidth;
    await jassub.manualRender({ mediaTime: seconds, expectedDisplayTime: 0, width, height }, true);
    if (isResized && !isFirst) {
      await jassub.resize(true);
    }
  };
  return {
    draw(plan, seconds) {
      wanted += 1;
      const turn = wanted;
      // One after the other: a busy libass answers at once and draws later, and an older picture could come last.
      const drawing = last.then(async () => {
        if (turn !== wanted) {
          return false;
        }
        await paint(plan, seconds);
        return true;
      });
      last = drawing.catch(() => false);
      return drawing;
    },
    close() {
      closed = true;
      void drawer?.then((jassub) => jassub.destroy());
    },
  };
}
