const longest = 60;
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * Makes a name that is safe as one file or folder on every system: letters, digits and single hyphens, never empty, never hidden,
 * never reserved, at most 60 characters. Letters of all scripts stay.
 */
export function safeName(text: string, fallback = 'video'): string {
  const name = text
    .normalize('NFC')
    .replace(/['’]/g, '')
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  const short = [...name].slice(0, longest).join('').replace(/-+$/, '');
  return short === '' || reserved.test(short) ? fallback : short;
}
