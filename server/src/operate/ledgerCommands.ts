import { readEnv } from '../core/env.ts';
import { checkLedger as findProblems } from '../plans/checkLedger.ts';
import type { OperatorCommand } from './command.ts';
import { withDatabase } from './installation.ts';

export const checkLedger: OperatorCommand = {
  help: [],
  options: {},
  async run(call) {
    const problems = await withDatabase(readEnv(call.environment), ({ db }) => db.asSystem((tx) => findProblems({ db }, tx)));
    const lines = problems.length === 0 ? ['The ledger adds up.'] : problems.map(({ subject, text }) => `${subject}: ${text}`);
    return { lines, data: { problems }, exitCode: problems.length === 0 ? 0 : 1 };
  },
};
