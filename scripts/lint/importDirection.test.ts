import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';
import { importDirection } from './importDirection.mjs';

function problems(file: string, code: string): string[] {
  const linter = new Linter({ cwd: '/repo' });
  const messages = linter.verify(
    code,
    [
      {
        files: ['**/*.ts'],
        languageOptions: { parser: tseslint.parser as Linter.Parser },
        plugins: { carmic: { rules: { 'import-direction': importDirection } } },
        rules: { 'carmic/import-direction': ['error', { root: '/repo' }] },
      },
    ],
    `/repo/${file}`,
  );
  return messages.map((message) => message.message);
}

describe('the import direction', () => {
  test.each([
    ['server/src/library/routes.ts', `import { authorize } from '../http/authorize.ts';`],
    ['server/src/clips/renderClip.ts', `import { loadVideo } from '../library/load.ts';`],
    ['server/src/main.ts', `import { pipeline } from './pipeline.ts';`],
    ['server/src/storage/disk/put.ts', `import { StorageError } from '../storageError.ts';`],
    ['server/src/events/append.ts', `import type { Deps } from '../deps.ts';`],
    ['server/src/jobs/jobs.ts', `import { Agenda } from 'agenda';`],
    ['gpu-agent/src/main.ts', `import { routes } from '@carmic/contract';`],
    ['start/main.ts', `import { startServer } from '../server/src/main.ts';`],
    [
      'test/api/videos.test.ts',
      `import { startServer } from '../../server/src/main.ts'; import { agent } from '../../gpu-agent/src/main.ts';`,
    ],
  ])('%s may say %s', (file, code) => {
    expect(problems(file, code)).toEqual([]);
  });

  test.each([
    ['a lower layer imports a higher one', 'server/src/core/log.ts', `import { createDatabase } from '../db/database.ts';`, 'stands below'],
    ['a lower domain imports a higher one', 'server/src/library/load.ts', `import { clip } from '../clips/model.ts';`, 'stands below'],
    [
      'layers that stand beside each other',
      'server/src/storage/disk.ts',
      `import { enqueue } from '../jobs/jobs.ts';`,
      'stands below or beside',
    ],
    ['a re-export', 'server/src/http/all.ts', `export * from '../accounts/routes.ts';`, 'stands below'],
    ['a dynamic import', 'server/src/core/late.ts', `const x = await import('../http/createApp.ts');`, 'stands below'],
    ['a type does not excuse it', 'server/src/db/database.ts', `import type { Video } from '../library/model.ts';`, 'stands below'],
    ['a folder that nobody placed', 'server/src/library/x.ts', `import { y } from '../newcomer/y.ts';`, 'stands below'],
    ['deps imported as a value', 'server/src/clips/x.ts', `import { deps } from '../deps.ts';`, 'import type'],
    [
      'the agent reaches into the server',
      'gpu-agent/src/a.ts',
      `import { hash } from '../../server/src/core/crypto.ts';`,
      'may not import',
    ],
    [
      'the console reaches into the server',
      'console/src/lib/a.ts',
      `import { x } from '../../../server/src/core/ids.ts';`,
      'may not import',
    ],
    ['the server reaches into the start', 'server/src/main.ts', `import { x } from '../../start/lock.ts';`, 'may not import'],
    ['the contract imports more than zod', 'server/contract/src/a.ts', `import { Client } from 'pg';`, 'zod and nothing else'],
    ['agenda outside of jobs', 'server/src/library/a.ts', `import { Agenda } from 'agenda';`, 'only'],
  ])('it fires when %s', (_, file, code, message) => {
    expect(problems(file, code)).toEqual([expect.stringContaining(message)]);
  });
});
