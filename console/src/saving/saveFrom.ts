/** Lets the browser save what is at an address; without a name it is called as whoever serves it says. */
export function saveFrom(url: string, fileName = ''): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
}
