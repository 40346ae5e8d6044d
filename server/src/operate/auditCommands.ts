import { verifyAudit as verifyChain } from '../admin/auditChain.ts';
import { exportAudit as exportChain } from '../admin/auditEntries.ts';
import { StartError } from '../core/errors.ts';
import { type OperatorCommand, textOption } from './command.ts';
import { withDeps } from './withDeps.ts';

export const verifyAudit: OperatorCommand = {
  help: [],
  options: {},
  async run(call) {
    const report = await withDeps(call, (deps) => verifyChain(deps));
    return {
      lines: [
        `${report.entries} entries, ${report.heads} signed heads: ${report.isIntact ? 'intact' : 'NOT intact'}`,
        ...report.problems.map(({ text }) => text),
      ],
      data: report,
      exitCode: report.isIntact ? 0 : 1,
    };
  },
};

export const exportAudit: OperatorCommand = {
  help: ['--format jsonl|cef  (default: jsonl)'],
  options: { format: { type: 'string' } },
  async run(call) {
    const format = textOption(call, 'format') ?? 'jsonl';
    if (format !== 'jsonl' && format !== 'cef') {
      throw new StartError('--format is jsonl or cef.');
    }
    let entries = 0;
    await withDeps(call, async (deps) => {
      for await (const line of exportChain(deps, format)) {
        entries += 1;
        call.write(line);
      }
    });
    return { lines: [`# ${entries} entries`], data: { entries } };
  },
};
