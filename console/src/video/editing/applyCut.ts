import { ApiError, type Clip } from '@carmic/contract';
import { messageOf } from '../../api/client.ts';
import type { App } from '../../app.ts';
import { formatSpan } from '../../format/formatTime.ts';
import { editingWords } from '../../messages/editing.ts';
import type { VideoPage } from '../../state/videoPage.svelte.ts';

type Ways = 'undo' | 'redo';
type Change = Parameters<VideoPage['cut']>[1];

/**
 * Cuts a clip and says how long it is then, or why it was not cut. What could not be done because somebody else was faster, or the server
 * could not be reached, can be done once more, on top of what the clip is by then. Answers whether it was done.
 */
export async function applyCut({ t, toasts }: Pick<App, 't' | 'toasts'>, page: VideoPage, clip: Clip, change: Change): Promise<boolean> {
  const e = editingWords(t);
  toasts.makeRoom();
  try {
    const changed = await page.cut(clip, change);
    if (changed === null) {
      toasts.show(e.nothing);
      return false;
    }
    toasts.show(t.keys.cutDone(changed.title, formatSpan(changed.durationSeconds, t)));
    return true;
  } catch (error) {
    const isConflict = error instanceof ApiError && error.code === 'conflict';
    toasts.show(isConflict ? e.conflict : messageOf(error, t), 'bad', {
      label: isConflict ? e.repeat : t.common.retry,
      run: () => void applyCut({ t, toasts }, page, clip, change),
    });
    return false;
  }
}

/** Undoes the last cut of a clip, or makes it again; says why not, where that fails. */
export async function stepCut({ t, toasts }: Pick<App, 't' | 'toasts'>, page: VideoPage, clip: Clip, way: Ways): Promise<void> {
  try {
    await page.stepEdit(clip, way);
  } catch (error) {
    toasts.show(messageOf(error, t), 'bad');
  }
}
