import { readEnv } from '../core/env.ts';
import { awaitSchema } from '../db/awaitSchema.ts';
import type { OperatorCommand } from './command.ts';

export const waitForSchema: OperatorCommand = {
  help: [],
  options: {},
  async run(call) {
    await awaitSchema(readEnv(call.environment).CARMIC_DATABASE_URL, { longestWaitMs: 1_800_000, pauseMs: 2000, say: call.say });
    return { lines: [], data: { isReady: true } };
  },
};
