import { spawn } from 'node:child_process';

/** Runs ffmpeg (or ffprobe) in a folder and answers what it wrote to standard output; throws with the end of its messages. */
export async function runFfmpeg(program: string, args: readonly string[], cwd: string, signal: AbortSignal): Promise<string> {
  const child = spawn(program, [...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
  let output = '';
  let messages = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (messages = (messages + text).slice(-4000)));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) {
    throw new Error(`ffmpeg ended with ${code}: ${messages.trim().split('\n').slice(-4).join(' ')}`);
  }
  return output;
}
