/** Hands a text to the browser as a file to keep. */
export function saveText(file: { fileName: string; contentType: string; text: string }): void {
  const url = URL.createObjectURL(new Blob([file.text], { type: `${file.contentType};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = file.fileName;
  link.click();
  URL.revokeObjectURL(url);
}
