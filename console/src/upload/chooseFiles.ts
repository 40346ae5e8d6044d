import type { FileHandle } from './fileHandles.ts';
import type { ChosenFile } from './newUploads.svelte.ts';

interface PickerWindow {
  showOpenFilePicker?: (options: {
    multiple: boolean;
    types?: { description: string; accept: Record<string, string[]> }[];
  }) => Promise<FileHandle[]>;
}

interface HandleItem {
  getAsFileSystemHandle?: () => Promise<FileHandle | { kind: 'directory' } | null>;
}

const accept = 'video/*,.mkv,.mov,.mts,.m2ts,.ts,.flv,.mxf,.srt,.vtt';

/** Opens the system's file dialog. Answers nothing when it is closed without a choice. */
export async function chooseFiles(isMultiple = true): Promise<ChosenFile[]> {
  const picker = (globalThis as PickerWindow).showOpenFilePicker;
  if (picker) {
    try {
      const handles = await picker({ multiple: isMultiple });
      return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') {
        return [];
      }
      // Embedded and locked-down browsers refuse the picker; the plain input below always works.
    }
  }
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = isMultiple;
    input.accept = accept;
    input.addEventListener('change', () => resolve([...(input.files ?? [])].map((file) => ({ file, handle: null }))), { once: true });
    input.addEventListener('cancel', () => resolve([]), { once: true });
    input.click();
  });
}

/** The files of a drop; folders are left out. Must be called within the drop event. */
export async function droppedFiles(transfer: DataTransfer): Promise<ChosenFile[]> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const chosen = await Promise.all(
    // Both are asked for before the first wait: a drop's items are empty afterwards.
    items.map(async (item): Promise<ChosenFile | null> => {
      const file = item.getAsFile();
      const handle = (await (item as HandleItem).getAsFileSystemHandle?.().catch(() => null)) ?? null;
      if (handle?.kind === 'directory' || !file) {
        return null;
      }
      return { file, handle };
    }),
  );
  return chosen.filter((item) => item !== null);
}
