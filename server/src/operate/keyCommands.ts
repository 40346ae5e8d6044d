import { type OperatorCommand, textOption } from './command.ts';
import { rotateColumnKey, rotateKeys as rotate } from './rotateKeys.ts';

export const rotateKeys: OperatorCommand = {
  help: [
    'Without --workspace the root key is replaced: a new one is put into its file, or made in Vault, and every key put under it.',
    '--workspace ID  replaces the key of one workspace instead',
    '--columns       replaces the key of columns instead, and seals every sealed column anew; finish an upgrade of servers first',
    '--finish        goes on with what was begun, and begins nothing',
  ],
  options: { workspace: { type: 'string' }, columns: { type: 'boolean' }, finish: { type: 'boolean' } },
  async run(call) {
    const isFinishing = call.values['finish'] === true;
    if (call.values['columns'] === true) {
      const report = await rotateColumnKey(call.environment, { isFinishing }, call.say);
      const damaged = Object.entries(report.unreadable);
      return {
        lines: [
          `${report.values} values of ${report.columns} columns are sealed anew.`,
          ...damaged.map(([column, count]) => `PROBLEM ${column}: no key opens ${count} values; they were left as they are.`),
        ],
        data: report,
        exitCode: damaged.length === 0 ? 0 : 1,
      };
    }
    const lines: string[] = [];
    await rotate(call.environment, { workspaceId: textOption(call, 'workspace'), isFinishing }, (line) => {
      lines.push(line);
      call.say(line);
    });
    return { lines: [], data: { lines } };
  },
};
