const patienceMs = 5000;

/** The length of a video file in seconds as the browser reads it from its head; null for formats that it does not know. */
export function readDuration(file: File): Promise<number | null> {
  const url = URL.createObjectURL(file);
  const video = document.createElement('video');
  video.preload = 'metadata';
  return new Promise<number | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), patienceMs);
    video.onloadedmetadata = () => {
      clearTimeout(timer);
      resolve(Number.isFinite(video.duration) ? video.duration : null);
    };
    video.onerror = () => {
      clearTimeout(timer);
      resolve(null);
    };
    video.src = url;
  }).finally(() => {
    video.removeAttribute('src');
    // A reader that has the length may still be on its way to the next part of the file.
    setTimeout(() => URL.revokeObjectURL(url), patienceMs);
  });
}
