import { saveText } from './saveText.ts';

/** Lets the browser save a document as a file that people can read too. */
export function saveJson(fileName: string, content: unknown): void {
  saveText({ fileName, contentType: 'application/json', text: `${JSON.stringify(content, null, 2)}\n` });
}
