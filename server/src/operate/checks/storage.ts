import { statSync } from 'node:fs';
import type { Env } from '../../core/env.ts';
import { explain, messageOf } from '../failures.ts';
import { withInstallation } from '../installation.ts';
import { type Check, failed, ok, warning } from './check.ts';

/** The root key, and the storage's own checks: privacy, room, encryption, an object written and read back. */
export async function checkStorage(env: Env): Promise<Check[]> {
  const checks = checkKeyFile(env);
  try {
    return await withInstallation(env, async ({ rootKeys, store }) => {
      checks.push(ok('root_key', `The root key (${rootKeys.kind}) opens this installation.`));
      for (const { command, isFatal, message, name, passed, remedy } of await store.check()) {
        const fix = [remedy ?? 'See docs/storage.md.', command === null ? null : `Run: ${command}`]
          .filter((text) => text !== null)
          .join(' ');
        const judge = isFatal ? failed : warning;
        checks.push(passed ? ok(`storage_${name}`, message) : judge(`storage_${name}`, message, fix));
      }
      return checks;
    });
  } catch (error) {
    return [
      ...checks,
      failed(
        'keys_and_storage',
        explain(error),
        'Put the right root key back (CARMIC_ROOT_KEY_FILE), and see that the storage can be reached.',
      ),
    ];
  }
}

function checkKeyFile({ CARMIC_ROOT_KEY_FILE: path }: Env): Check[] {
  if (path === undefined) {
    return [];
  }
  try {
    const { mode } = statSync(path);
    return (mode & 0o077) === 0
      ? [ok('root_key_file', 'Only this user can read the file with the root key.')]
      : [failed('root_key_file', `Other users of this machine can read ${path}.`, `chmod 600 ${path}`)];
  } catch (error) {
    return [failed('root_key_file', messageOf(error), 'Put the file back; without it nothing that is stored can be opened.')];
  }
}
