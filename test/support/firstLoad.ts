/** How much script the built console loads before anything is asked for: its entry, all that this imports at once, and the words in English. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The files of the first load with what is in them. */
export function firstLoadFiles(directory: string): Map<string, string> {
  const page = readFileSync(join(directory, 'index.html'), 'utf8');
  const waiting = [...page.matchAll(/<(?:script|link)\b[^>]*\b(?:src|href)="([^"]+\.js)"/g)].map(([, path = '']) => join(directory, path));
  const words = readdirSync(join(directory, 'assets')).filter((name) => /^en-.*\.js$/.test(name));
  if (words.length !== 1) {
    throw new Error('The console has one file of English words.');
  }
  waiting.push(...words.map((name) => join(directory, 'assets', name)));
  const files = new Map<string, string>();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) {
      continue;
    }
    const source = readFileSync(path, 'utf8');
    files.set(path, source);
    for (const [, name = ''] of source.matchAll(/\b(?:from|import)\s*"(\.[^"]+\.js)"/g)) {
      waiting.push(join(dirname(path), name));
    }
  }
  return files;
}

/** Bytes of the first load as they travel, compressed file by file. */
export function firstLoadBytes(directory: string): number {
  return [...firstLoadFiles(directory).values()].reduce((sum, source) => sum + gzipSync(source).length, 0);
}
