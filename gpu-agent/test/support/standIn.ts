import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CardBehaviour {
  /** What it says when it is probed; works when unset. */
  probeSays?: string;
  /** What it says to anything but a probe. */
  clipSays?: string;
  /** Sessions that the driver allows over all processes. */
  sessions?: number;
  /** Whether it refuses B frames as references, as cards before Turing do. */
  refusesReferences?: boolean;
  /** How its quality value becomes a crf of libx264; more is worse. */
  crfOffset?: number;
}

export interface Behaviour {
  listed: readonly string[];
  cards: Readonly<Record<string, CardBehaviour>>;
}

export interface StandInSettings {
  realFfmpeg: string;
  behaviour: Behaviour;
  /** Where it counts sessions and writes its calls; null inside a sandbox, which hides it. */
  folder: string | null;
}

export interface StandIn {
  path: string;
  behave(behaviour: Behaviour): void;
  /** The command lines it was given, oldest first. */
  calls(): string[][];
  /** Sessions that were open at a time, at most. */
  mostOpen(): number;
}

const template = fileURLToPath(new URL('./standInFfmpeg.mjs', import.meta.url));

/** Writes a stand-in for ffmpeg into `folder`. With `isLive` its behaviour can be changed and its calls read, outside of a sandbox. */
export function makeStandIn(folder: string, behaviour: Behaviour, isLive = true): StandIn {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'ffmpeg.mjs');
  const settings: StandInSettings = { realFfmpeg: process.env['FFMPEG_PATH'] ?? 'ffmpeg', behaviour, folder: isLive ? folder : null };
  writeFileSync(path, readFileSync(template, 'utf8').replace("JSON.parse('SETTINGS')", JSON.stringify(settings)));
  chmodSync(path, 0o755);
  const behave = (fresh: Behaviour) => writeFileSync(join(folder, 'settings.json'), JSON.stringify(fresh));
  const lines = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : []);
  if (isLive) {
    behave(behaviour);
  }
  return {
    path,
    behave,
    calls: () => lines('calls.jsonl').map((line) => JSON.parse(line) as string[]),
    mostOpen: () => Math.max(0, ...lines('open.txt').map(Number)),
  };
}
