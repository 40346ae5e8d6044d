/** How many of the first bytes `looksLikeVideo` wants to see (fewer when the file is shorter). */
export const sniffBytes = 600;

const movBoxes = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'moof', 'styp', 'sidx']);
const magics = ['1a45dfa3', '464c5601', '4f676753', '3026b2758e66cf11', '000001ba'];

/**
 * Tells from the first bytes whether a file may be a video of a container that agents open: MP4 and MOV, Matroska and WebM, AVI, FLV, Ogg, ASF,
 * MPEG program and transport streams. The agent looks closer; this only keeps web pages and other files from being fetched to their end.
 */
export function looksLikeVideo(head: Buffer): boolean {
  const ascii = (from: number, to: number) => head.toString('latin1', from, to);
  const hex = head.toString('hex', 0, 8);
  return (
    movBoxes.has(ascii(4, 8)) ||
    magics.some((magic) => hex.startsWith(magic)) ||
    (ascii(0, 4) === 'RIFF' && ascii(8, 11) === 'AVI') ||
    // Packets of 188 bytes; 192 with the time codes of camcorders, 204 with error correction.
    [0, 4].some((first) => [188, 192, 204].some((size) => [0, 1, 2].every((index) => head[first + index * size] === 0x47)))
  );
}
