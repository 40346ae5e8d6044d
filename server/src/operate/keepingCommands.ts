import { listReconciliations, openReconciliation, reconcile as compare } from '../retention/reconcile.ts';
import { readEnv } from '../core/env.ts';
import { awaitSchema } from '../db/awaitSchema.ts';
import { type OperatorCommand, textOption } from './command.ts';
import { withServer } from './installation.ts';
import { rotateColumnKey, rotateKeys as rotate } from './rotateKeys.ts';

const shownFindings = 20;

export const reconcile: OperatorCommand = {
  summary: 'compares the storage with the database, both ways',
  help: ['--fix  removes orphans that are over a day old (without it nothing is changed)'],
  options: { fix: { type: 'boolean' } },
  run: (call) =>
    withServer(call, async ({ deps }) => {
      const id = await openReconciliation(deps, call.values['fix'] !== true);
      await compare(deps, id);
      const [report] = await listReconciliations(deps, id);
      if (report === undefined) {
        throw new Error('The report of this comparison is gone.');
      }
      const { counts, findings } = report;
      const lines = [
        `${counts.listedObjects} objects compared: ${counts.orphans} orphans (${counts.orphansRemoved} removed), ${counts.youngOrphans} too young to tell, ` +
          `${counts.missing} missing, ${counts.openUploads} forgotten uploads (${counts.openUploadsRemoved} removed).`,
        ...findings.slice(0, shownFindings).map(({ key, kind, since }) => `  ${kind} ${key} since ${since}`),
        ...(findings.length > shownFindings ? [`  and ${findings.length - shownFindings} more`] : []),
        ...(counts.missing > 0 ? ['Missing objects come back from a backup: see docs/operate.md.'] : []),
      ];
      const isClean = counts.missing === 0 && counts.orphans === counts.orphansRemoved && counts.openUploads === counts.openUploadsRemoved;
      return { lines, data: report, exitCode: isClean ? 0 : 1 };
    }),
};

export const rotateKeys: OperatorCommand = {
  summary: 'replaces the root key, a workspace’s key or the key of columns, while Carmic runs',
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

export const waitForSchema: OperatorCommand = {
  summary: 'waits until the database has every migration of this release (half an hour at most)',
  help: [],
  options: {},
  async run(call) {
    await awaitSchema(readEnv(call.environment).CARMIC_DATABASE_URL, { longestWaitMs: 1_800_000, pauseMs: 2000, say: call.say });
    return { lines: [], data: { isReady: true } };
  },
};
