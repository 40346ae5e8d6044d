/** What a command loads before it does its work: reading a server takes seconds on a busy machine, and every pod waits for its schema by a command. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('..', import.meta.url));
const importLine = /^(?:import|export) (?!type\b)(?:[^'"]*? from )?'([^']+)';/gm;

/** Files of the server (and packages) that a file loads before its first line runs: types and imports on demand are not among them. */
function loadedBy(file: string): Set<string> {
  const seen = new Set<string>();
  const visit = (path: string) => {
    for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(importLine)) {
      const target = name.startsWith('.') ? resolve(dirname(path), name) : name;
      const told = name.startsWith('.') ? relative(source, target) : name;
      if (!seen.has(told)) {
        seen.add(told);
        if (existsSync(target) && target.endsWith('.ts')) {
          visit(target);
        }
      }
    }
  };
  visit(resolve(source, file));
  return seen;
}

const heavy = (file: string) => [...loadedBy(file)].filter((name) => ['main.ts', 'koa', 'stripe', 'agenda', 'nodemailer'].includes(name));

test('the walk finds what a server loads', () => {
  expect(heavy('main.ts').sort()).toEqual(['agenda', 'koa', 'nodemailer', 'stripe']);
  expect(heavy('operate/withServer.ts')).toContain('main.ts');
});

test.each([
  ['operate/program.ts', []],
  ['operate/schemaCommands.ts', []],
  ['operate/status.ts', []],
  ['operate/ledgerCommands.ts', []],
  ['operate/keyCommands.ts', []],
  ['operate/backupCommands.ts', []],
  ['operate/doctor.ts', ['nodemailer']],
  ['operate/accountCommands.ts', ['agenda', 'nodemailer', 'stripe']],
  ['operate/auditCommands.ts', ['agenda', 'stripe']],
  ['operate/keepingCommands.ts', ['agenda', 'stripe']],
])('%s loads no server, and of heavy packages %j', (file, packages) => {
  expect(heavy(file).sort()).toEqual(packages);
});
