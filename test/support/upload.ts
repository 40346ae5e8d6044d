import { createHash } from 'node:crypto';
import type { Call, Upload, Video, VideoOptions } from '@carmic/contract';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The parts of `bytes` as an upload cuts them. */
export function cutParts(upload: Pick<Upload, 'partCount' | 'partSizeBytes'>, bytes: Uint8Array) {
  return Array.from({ length: upload.partCount }, (_, index) => {
    const body = bytes.subarray(index * upload.partSizeBytes, (index + 1) * upload.partSizeBytes);
    return { partNumber: index + 1, sha256: sha256(body), body };
  });
}

/** PUTs one part to its URL and answers the response. */
export async function putPart(
  call: Call,
  baseUrl: string,
  upload: Upload,
  part: { partNumber: number; sha256: string; body: Uint8Array },
  send: typeof globalThis.fetch = fetch,
): Promise<Response> {
  const { parts } = await call('createPartUrls', {
    params: { id: upload.id },
    body: { parts: [{ partNumber: part.partNumber, sha256: part.sha256 }] },
  });
  const [target] = parts;
  if (target === undefined) {
    throw new Error('No URL was signed for the part.');
  }
  return send(new URL(target.url, baseUrl), { method: 'PUT', headers: target.headers, body: Buffer.from(part.body) });
}

/** Uploads `bytes` as a video the way a browser does, with captions when given, and answers it as it is then. */
export async function uploadVideo(
  call: Call,
  baseUrl: string,
  bytes: Uint8Array,
  options: { fileName?: string; captions?: string; wishes?: Partial<VideoOptions>; fetch?: typeof globalThis.fetch } = {},
): Promise<Video> {
  const { video, upload } = await call('createVideo', {
    body: {
      fileName: options.fileName ?? 'talk.mp4',
      sizeBytes: bytes.length,
      ...(options.wishes === undefined ? {} : { options: options.wishes }),
    },
  });
  if (options.captions !== undefined) {
    await call('putCaptions', {
      params: { id: video.id },
      body: { fileName: 'talk.srt', contentBase64: Buffer.from(options.captions).toString('base64') },
    });
  }
  const parts = cutParts(upload, bytes);
  for (const part of parts) {
    const response = await putPart(call, baseUrl, upload, part, options.fetch);
    if (!response.ok) {
      throw new Error(`A part was refused: ${await response.text()}`);
    }
  }
  return call('completeUpload', {
    params: { id: upload.id },
    body: { parts: parts.map(({ partNumber, sha256: digest }) => ({ partNumber, sha256: digest })) },
  });
}
