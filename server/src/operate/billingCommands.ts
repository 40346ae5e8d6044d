import { syncCatalogue } from '../billing/catalogue.ts';
import type { OperatorCommand } from './command.ts';
import { withServer } from './installation.ts';

export const syncPrices: OperatorCommand = {
  summary: 'shows how plans and Stripe’s prices differ, and takes the prices over',
  help: ['--apply        takes over what differs; without it nothing is changed'],
  options: { apply: { type: 'boolean' } },
  async run(call) {
    const isApplied = call.values['apply'] === true;
    const report = await withServer(call, ({ deps }) => syncCatalogue(deps, !isApplied));
    const end = report.differences.length === 0 ? 'Nothing differs.' : isApplied ? 'Taken over.' : 'Nothing was changed: use --apply.';
    return { lines: [...report.differences.map((each) => `${each.kind}: ${each.text}`), end], data: report };
  },
};
