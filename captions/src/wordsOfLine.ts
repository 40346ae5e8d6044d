interface TextLine {
  startSeconds: number;
  endSeconds: number;
  text: string;
}

/** The words of a line spread over its time by their length, for captions that go word by word. */
export function wordsOfLine(line: TextLine): { text: string; startSeconds: number; endSeconds: number }[] {
  const texts = line.text.split(/\s+/).filter((text) => text !== '');
  const total = texts.reduce((sum, text) => sum + text.length + 1, 0);
  let used = 0;
  const at = (share: number) => Math.round((line.startSeconds + (line.endSeconds - line.startSeconds) * share) * 1000) / 1000;
  return texts.map((text) => {
    const startSeconds = at(used / total);
    used += text.length + 1;
    return { text: text.slice(0, 200), startSeconds, endSeconds: at(used / total) };
  });
}
