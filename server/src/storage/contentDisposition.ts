const maxNameLength = 180;

/**
 * The Content-Disposition of a download (RFC 6266): an ASCII name for old readers and the full one as UTF-8 (RFC 8187). Whatever the name
 * holds, the header stays one header and the name stays a name without a path.
 */
export function contentDisposition(downloadName: string | undefined): string {
  if (downloadName === undefined) {
    return 'inline';
  }
  const name = shorten(cleanName(downloadName));
  const plain = name.replaceAll(/[^A-Za-z0-9 ._()-]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${percentEncode(name)}`;
}

/** Drops control and direction characters, which could disguise a name's ending, and turns path separators into dashes. */
function cleanName(name: string): string {
  const visible = name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').replaceAll(/[/\\:]/g, '-');
  const trimmed = visible.trim().replace(/^\.+/, '');
  return trimmed === '' ? 'download' : trimmed;
}

/** Cuts a long name in the middle of its stem, so that its ending stays. */
function shorten(name: string): string {
  const characters = [...name];
  if (characters.length <= maxNameLength) {
    return name;
  }
  const ending = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? '';
  return characters.slice(0, maxNameLength - ending.length).join('') + ending;
}

function percentEncode(name: string): string {
  let encoded = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9!#$&+.^_`|~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
