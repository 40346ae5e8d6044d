import { replayJournal } from '../retention/erasure/journal.ts';
import { publishReceiptKey } from '../retention/receipts/signer.ts';
import { listReconciliations, openReconciliation, reconcile as compare } from '../retention/reconcile.ts';
import { requireSoundStore } from '../storage/storeFromEnv.ts';
import type { OperatorCommand } from './command.ts';
import { withDeps } from './withDeps.ts';

const shownFindings = 20;

export const reconcile: OperatorCommand = {
  help: ['--fix  removes orphans that are over a day old (without it nothing is changed)'],
  options: { fix: { type: 'boolean' } },
  run: (call) =>
    withDeps(call, async (deps) => {
      await requireSoundStore(deps.store);
      // After a restore by other means, what was deleted since would be missing.
      await publishReceiptKey(deps.db, deps.receipts);
      await replayJournal(deps);
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
