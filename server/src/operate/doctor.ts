import { readEnv } from '../core/env.ts';
import { type Check, failed, ok } from './checks/check.ts';
import { checkBackups } from './checks/backups.ts';
import { checkCertificate } from './checks/certificate.ts';
import { checkDatabase } from './checks/database.ts';
import { checkMail } from './checks/mail.ts';
import { checkStorage } from './checks/storage.ts';
import { checkWork } from './checks/work.ts';
import type { CommandCall, OperatorCommand } from './command.ts';
import { explain, messageOf } from './failures.ts';

const signs = { ok: ' ok ', warning: 'WARN', failed: 'FAIL', skipped: ' -- ' } as const;

export const doctor: OperatorCommand = {
  help: ['Ends with 1 when a check failed; warnings do not count.'],
  options: {},
  async run(call) {
    const checks = await examine(call);
    const bad = checks.filter(({ state }) => state === 'failed').length;
    const doubtful = checks.filter(({ state }) => state === 'warning').length;
    return {
      lines: [
        ...checks.flatMap(({ fix, message, name, state }) => [
          `${signs[state]} ${name}: ${message}`,
          ...(fix === null ? [] : [`     ${fix}`]),
        ]),
        `${checks.length} checks, ${bad} failed, ${doubtful} warnings`,
      ],
      data: { checks },
      exitCode: bad === 0 ? 0 : 1,
    };
  },
};

/** Makes every check; what one finds does not keep the others from looking. */
export async function examine(call: CommandCall): Promise<Check[]> {
  let env;
  try {
    env = readEnv(call.environment);
  } catch (error) {
    return [
      failed('settings', messageOf(error), 'Correct these variables; docs/install.md and the page of each subject tell what they mean.'),
    ];
  }
  const checks: Check[] = [ok('settings', 'Every variable can be used.')];
  const groups = [checkDatabase, checkStorage, checkWork, checkBackups, checkMail, checkCertificate];
  for (const group of groups) {
    try {
      checks.push(...(await group(env)));
    } catch (error) {
      checks.push(failed(group.name.replace('check', '').toLowerCase(), explain(error), 'Mend what the checks before this one say first.'));
    }
  }
  return checks;
}
