/** The program `carmic`: the server's processes (web, worker, migrate), and the commands of operators. */
import { readEnv } from '../core/env.ts';
import { processNames, runProcesses } from '../main.ts';
import { backUpBeforeMigration } from './backUpBeforeMigration.ts';
import { explainFailure, runCommand } from './runCommand.ts';

async function run(names: readonly string[]): Promise<number | null> {
  const isServer = names.length === 0 || processNames.some((name) => name === names[0]);
  if (!isServer) {
    return runCommand(names, process.env, {
      out: (line) => process.stdout.write(`${line}\n`),
      err: (line) => process.stderr.write(`${line}\n`),
    });
  }
  if (names.length === 0 || names.includes('migrate')) {
    await backUpBeforeMigration(readEnv(process.env), (line) => process.stderr.write(`${line}\n`));
  }
  await runProcesses(process.env, names);
  return null;
}

run(process.argv.slice(2)).then(
  (code) => {
    if (code !== null) {
      process.exit(code);
    }
  },
  (error: unknown) => {
    const { code, message } = explainFailure(error, process.env);
    process.stderr.write(`${message}\n`);
    process.exit(code);
  },
);
