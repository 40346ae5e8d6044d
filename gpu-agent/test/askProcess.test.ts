import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { askProcess, type ProcessLine } from '../src/neural/askProcess.ts';
import { processesNaming } from './support/agentProcess.ts';
import { makeFolder } from './support/media.ts';

const folder = makeFolder();
let file: string;
let line: ProcessLine<{ wish: string }, number>;

beforeAll(() => {
  file = join(folder.path, 'answerProcess.mjs');
  const { href } = new URL('../src/neural/answerQuestions.mjs', import.meta.url);
  writeFileSync(
    file,
    `import { answerQuestions } from ${JSON.stringify(href)};
     answerQuestions(async ({ wish }) => {
       if (wish === 'fail') throw new Error('no model here');
       if (wish === 'die') process.kill(process.pid, 'SIGKILL');
       if (wish === 'wait') await new Promise(() => undefined);
       return wish === 'lie' ? 'text' : Object.keys(process.env).length;
     });`,
  );
  line = askProcess(pathToFileURL(file), z.number(), 'The oracle');
});

afterAll(async () => {
  await line.close();
  folder.remove();
});

it('a question that fails, or an answer of another shape, is the error of its caller alone', async () => {
  await expect(line.ask({ wish: 'fail' })).rejects.toThrow('no model here');
  await expect(line.ask({ wish: 'lie' })).rejects.toThrow('The oracle said something that is no answer.');
  expect(await line.ask({ wish: 'count' })).toBeLessThan(4);
});

it('a process that dies fails who waits, and the next question starts another', async () => {
  const [before] = processesNaming(file);
  const waiting = line.ask({ wish: 'wait' });
  await expect(Promise.all([waiting, line.ask({ wish: 'die' })])).rejects.toThrow('The oracle ended (SIGKILL).');
  expect(await line.ask({ wish: 'count' })).toBeGreaterThan(0);
  const [after] = processesNaming(file);
  expect(after).not.toBe(before);
});

it('closing ends the process', async () => {
  expect(processesNaming(file)).toHaveLength(1);
  await line.close();
  expect(processesNaming(file)).toHaveLength(0);
});
