import { syncCatalogue } from '../billing/catalogue.ts';
import { checkLedger as findProblems } from '../plans/checkLedger.ts';
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

export const checkLedger: OperatorCommand = {
  summary: 'proves that the ledger of minutes adds up, in itself and with the videos',
  help: [],
  options: {},
  async run(call) {
    const problems = await withServer(call, ({ deps }) => deps.db.asSystem((tx) => findProblems(deps, tx)));
    const lines = problems.length === 0 ? ['The ledger adds up.'] : problems.map(({ subject, text }) => `${subject}: ${text}`);
    return { lines, data: { problems }, exitCode: problems.length === 0 ? 0 : 1 };
  },
};
