/** How far an ffmpeg process is. */
export interface FfmpegProgress {
  /** Time of the last frame or sample written, in seconds. */
  outSeconds: number;
  frame: number;
}

/** Reads the key=value lines of `-progress`; the returned function takes chunks of text as they arrive. */
export function createProgressReader(onProgress: (progress: FfmpegProgress) => void): (text: string) => void {
  let rest = '';
  let outSeconds = 0;
  let frame = 0;
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [key, value] = line.split('=', 2);
      const number = Number(value);
      if (key === 'frame' && Number.isFinite(number)) {
        frame = number;
      }
      if (key === 'out_time_us' && Number.isFinite(number)) {
        outSeconds = Math.max(outSeconds, number / 1e6);
      }
      if (key === 'progress') {
        onProgress({ outSeconds, frame });
      }
    }
  };
}
