import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { standBack } from './standBack.ts';

/** Asks a process of its own, by number. */
export interface ProcessLine<Request, Answer> {
  ask(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

const envelope = z.object({ id: z.number(), error: z.string().optional(), answer: z.unknown().optional() });

/**
 * Makes a line to a process that runs a neural network.
 *
 * A process and not a thread: the library is native code, can be loaded once per process only, and takes the process with it when it fails.
 * The first question starts it, and it stays; idle it keeps nothing alive, it ends with this process, and after a failure the next question
 * starts it again.
 *
 * @param file what runs there: it answers by `answerQuestions`
 * @param name what an error calls it
 * @param nice how far it stands back where processors are short
 */
export function askProcess<Request, Answer>(file: URL, answers: z.ZodType<Answer>, name: string, nice = 0): ProcessLine<Request, Answer> {
  let child: ChildProcess | null = null;
  let nextId = 0;
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const start = () => {
    const fresh = fork(fileURLToPath(file), {
      execArgv: [],
      // It reads its model and answers; secrets of the agent are none of its business.
      env: { PATH: process.env['PATH'] },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    standBack(fresh, nice);
    const fail = (error: Error) => {
      if (child === fresh) {
        child = null;
        waiting.forEach(({ reject }) => reject(error));
        waiting.clear();
      }
    };
    fresh.on('message', (message: unknown) => {
      const { id, error, answer } = envelope.parse(message);
      const caller = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) {
        rest(fresh);
      }
      const read = answers.safeParse(answer);
      if (error === undefined && read.success) {
        caller?.resolve(read.data);
      } else {
        caller?.reject(new Error(error ?? `${name} said something that is no answer.`));
      }
    });
    fresh.on('error', fail);
    fresh.on('exit', (code, signal) => fail(new Error(`${name} ended (${signal ?? code ?? 'unknown'}).`)));
    return fresh;
  };
  return {
    ask(request) {
      const asked = (child ??= start());
      nextId += 1;
      const id = nextId;
      const answer = new Promise<Answer>((resolve, reject) => waiting.set(id, { resolve, reject }));
      asked.ref();
      asked.channel?.ref();
      asked.send({ id, request }, (error) => {
        if (error) {
          waiting.get(id)?.reject(error);
          waiting.delete(id);
        }
      });
      return answer;
    },
    async close() {
      const ending = child;
      if (ending && ending.exitCode === null && ending.signalCode === null) {
        const ended = once(ending, 'exit');
        ending.ref();
        ending.kill('SIGKILL');
        await ended;
      }
    },
  };
}

function rest(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}
