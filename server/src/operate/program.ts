/** The program `carmic`: the server's processes (web, worker, migrate), and the commands of operators. */
import { type ProcessName, processNames } from '../core/processNames.ts';
import { explainFailure, runCommand, usageCode } from './runCommand.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

const isProcess = (name: string): name is ProcessName => processNames.some((each) => each === name);

async function run(names: readonly string[]): Promise<number | null> {
  const [first] = names;
  if (first !== undefined && !isProcess(first)) {
    return runCommand(names, process.env, { out: (line) => process.stdout.write(`${line}\n`), err: say });
  }
  const unknown = names.find((name) => !isProcess(name));
  if (unknown !== undefined) {
    say(`"${unknown}" is no process: there are ${processNames.join(', ')}. Nothing was started.`);
    return usageCode;
  }
  await serve(names.length === 0 ? processNames : names.filter(isProcess));
  return null;
}

/** What a server needs is loaded by servers alone: a command answers before it would be. */
async function serve(processes: readonly ProcessName[]): Promise<void> {
  if (processes.includes('migrate')) {
    const [{ readEnv }, { backUpBeforeMigration }] = await Promise.all([import('../core/env.ts'), import('./backUpBeforeMigration.ts')]);
    await backUpBeforeMigration(readEnv(process.env), say);
  }
  const { runProcesses } = await import('../main.ts');
  await runProcesses(process.env, processes);
}

run(process.argv.slice(2)).then(
  (code) => {
    if (code !== null) {
      process.exit(code);
    }
  },
  (error: unknown) => {
    const { code, message } = explainFailure(error, process.env);
    say(message);
    process.exit(code);
  },
);
