import { syncCatalogue } from '../billing/catalogue.ts';
import type { OperatorCommand } from './command.ts';
import { withServer } from './withServer.ts';

export const syncPrices: OperatorCommand = {
  help: ['--apply        takes over what differs; without it nothing is changed'],
  options: { apply: { type: 'boolean' } },
  async run(call) {
    const isApplied = call.values['apply'] === true;
    const report = await withServer(call, (deps) => syncCatalogue(deps, !isApplied));
    const end = report.differences.length === 0 ? 'Nothing differs.' : isApplied ? 'Taken over.' : 'Nothing was changed: use --apply.';
    return { lines: [...report.differences.map((each) => `${each.kind}: ${each.text}`), end], data: report };
  },
};
