import { accessSync, constants, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import type { StartArguments } from './arguments.ts';
import { makeFolder } from './folders.ts';
import { printable } from './printable.ts';
import { safeName } from './safeName.ts';
import { describeSystemError, StartFailure, systemCode } from './startFailure.ts';

/** A video to process, checked: it exists, can be read, and is not empty. */
export interface InputVideo {
  readonly path: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly captions: string | undefined;
  /** The folder its clips go to. */
  readonly out: string;
}

export interface Inputs {
  readonly videos: readonly InputVideo[];
}

/** Checks every file and folder that the command line names, before anything is started. Throws StartFailure. */
export function checkInputs(args: StartArguments, cwd: string): Inputs {
  const out = args.out === undefined ? undefined : resolve(cwd, args.out);
  const taken = new Set<string>();
  const videos = args.files.map((file, index) => {
    const path = resolve(cwd, file);
    const sizeBytes = checkFile(path, 'video');
    const caption = args.captions[index];
    const captions = caption === undefined ? undefined : resolve(cwd, caption);
    if (captions !== undefined) {
      checkFile(captions, 'caption file');
    }
    const name = uniqueName(safeName(basename(path, extname(path))), taken);
    const folder = out === undefined ? join(cwd, 'clips', name) : args.files.length > 1 ? join(out, name) : out;
    return { path, fileName: basename(path), sizeBytes, captions, out: folder };
  });
  for (const { out: folder } of videos) {
    checkOut(folder);
  }
  return { videos };
}

function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let count = 2; taken.has(unique.toLowerCase()); count++) {
    unique = `${name}-${count}`;
  }
  taken.add(unique.toLowerCase());
  return unique;
}

function checkFile(path: string, what: string): number {
  const shown = printable(path);
  try {
    const found = statSync(path);
    if (!found.isFile()) {
      throw new StartFailure('noInput', `${shown} is ${found.isDirectory() ? 'a folder' : 'no ordinary file'}; name a ${what}.`);
    }
    accessSync(path, constants.R_OK);
    if (found.size === 0) {
      throw new StartFailure('dataError', `${shown} is empty (0 bytes). Copy or export the ${what} again.`);
    }
    return found.size;
  } catch (error) {
    switch (systemCode(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw new StartFailure('noInput', `There is no file ${shown}. Check the name of the ${what}.`);
      case 'EACCES':
      case 'EPERM':
        throw new StartFailure('noPermission', `${shown} may not be read by this user. Change its permissions.`);
      case 'ELOOP':
      case 'ENAMETOOLONG':
        throw new StartFailure('noInput', `${shown} cannot be opened. Check the name of the ${what}.`);
      default:
        throw error;
    }
  }
}

/** Makes the folder now: a result that cannot be written should be known before an hour of work. */
function checkOut(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw describeSystemError(error, printable(folder), 'The folder for the clips');
  }
}
