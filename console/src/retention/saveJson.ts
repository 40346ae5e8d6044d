/** Lets the browser save a text as a file. */
function saveText(fileName: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Lets the browser save a document as a file. */
export function saveJson(fileName: string, document_: unknown): void {
  saveText(fileName, `${JSON.stringify(document_, null, 2)}\n`, 'application/json');
}
