import { parseArgs } from 'node:util';
import { type Aspect, aspects } from '@carmic/contract';
import { StartFailure } from './startFailure.ts';

/** What the command line asks for. Paths are as they were typed. */
export interface StartArguments {
  readonly wants: 'run' | 'help' | 'version';
  readonly files: readonly string[];
  /** Caption files, the first for the first video, and so on. */
  readonly captions: readonly string[];
  readonly count: number | undefined;
  readonly aspects: readonly Aspect[];
  readonly language: string | undefined;
  readonly out: string | undefined;
  readonly data: string | undefined;
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly isOnce: boolean;
  readonly hasDemo: boolean;
}

export const usage = `Carmic turns long videos into short, captioned, vertical clips, on this machine.

  npm start                                  start Carmic and open its console in your browser
  npm start -- talk.mp4 [more files]         the same, and make clips of these videos

Options (after the "--")
  --captions FILE    the words of the video as SRT or VTT; once per video, in the same order
  --count N          clips per video, 1 to 50 (default 5)
  --aspect A         9:16, 1:1, 4:5 or 16:9 (default 9:16); may be given several times
  --language TAG     the spoken language, for example en or pt-BR (default: found out)
  --out DIR          where the clips go (default ./clips; one folder per video)
  --once             stop when the clips are made; exit code 0 when every video gave a clip
  --data DIR         where Carmic keeps everything (default: data, beside package.json)
  --port N           port of the console (default 7070; 0 takes a free one)
  --host ADDRESS     address to listen on (default 127.0.0.1: this machine only)
  --no-demo          do not make the demonstration video at the first start
  --help, --version

Environment
  FFMPEG_PATH        an ffmpeg 5 or newer, when the one on PATH is not the one to use
  CARMIC_DEEPGRAM_KEY    hear speech with Deepgram (off without it)
  CARMIC_MODELS_DIR      whisper models for hearing speech on this machine (default: models, in the data folder)

Exit codes: 0 fine, 1 a video gave no clip, 64 wrong usage, 65 a video or caption file is unusable, 66 file not found, 69 something needed
is missing, 70 a fault of ours, 73 cannot create a file, 74 disk full, 75 busy (running already, port taken), 77 no permission,
78 wrong configuration or key, 130 interrupted.
`;

const options = {
  captions: { type: 'string', multiple: true },
  count: { type: 'string' },
  aspect: { type: 'string', multiple: true },
  language: { type: 'string' },
  out: { type: 'string' },
  data: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  once: { type: 'boolean' },
  'no-demo': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Reads the command line. Throws StartFailure (64) that names what is wrong and what would be right. */
export function parseArguments(args: readonly string[]): StartArguments {
  const { values, positionals } = parse(args);
  const captions = values.captions ?? [];
  if (positionals.length === 0 && (captions.length > 0 || values.once === true || values.out !== undefined)) {
    throw wrong('--captions, --out and --once are about video files, and no file is given.');
  }
  if (captions.length > positionals.length) {
    throw wrong(`There are ${captions.length} caption files for ${positionals.length} video files: give at most one for each.`);
  }
  if (positionals.some((file) => file === '')) {
    throw wrong('A file name is empty.');
  }
  return {
    wants: values.help === true ? 'help' : values.version === true ? 'version' : 'run',
    files: positionals,
    captions,
    count: readNumber('--count', values.count, 1, 50),
    aspects: readAspects(values.aspect ?? []),
    language: readLanguage(values.language),
    out: readText('--out', values.out),
    data: readText('--data', values.data),
    port: readNumber('--port', values.port, 0, 65_535),
    host: readText('--host', values.host),
    isOnce: values.once === true,
    hasDemo: values['no-demo'] !== true,
  };
}

function wrong(message: string): StartFailure {
  return new StartFailure('usage', `${message}\nSee "npm start -- --help".`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const unknown = /Unknown option '([^']*)'/.exec(message)?.[1];
    if (unknown !== undefined) {
      throw wrong(`There is no option ${unknown}. If it is the name of a file, write ./${unknown}.`);
    }
    throw wrong(message.split('. ')[0]?.replace(/\.?$/, '.') ?? message);
  }
}

function readNumber(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw wrong(`${name} takes a whole number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}

function readText(name: string, text: string | undefined): string | undefined {
  if (text?.trim() === '') {
    throw wrong(`${name} is empty.`);
  }
  return text;
}

function readLanguage(text: string | undefined): string | undefined {
  if (text !== undefined && !/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(text)) {
    throw wrong(`--language takes a tag such as en or pt-BR, not "${text}".`);
  }
  return text;
}

function readAspects(texts: readonly string[]): Aspect[] {
  const chosen = texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  return [...new Set(chosen)].map((text) => {
    const aspect = aspects.find((known) => known === text);
    if (aspect === undefined) {
      throw wrong(`--aspect takes ${aspects.join(', ')}, not "${text}".`);
    }
    return aspect;
  });
}
