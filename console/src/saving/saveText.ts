import { saveFrom } from './saveFrom.ts';

/** A browser that asks where to save reads from the address only once that is answered. */
const keptMs = 60_000;

/** Lets the browser save a text as a file. */
export function saveText({ fileName, contentType, text }: { fileName: string; contentType: string; text: string }): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${contentType};charset=utf-8` }));
  saveFrom(url, fileName);
  setTimeout(() => URL.revokeObjectURL(url), keptMs);
}
