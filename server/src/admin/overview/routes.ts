import type { Handlers } from '../../http/request.ts';
import { readOverview } from './readOverview.ts';

/** The state of the whole installation, for its administrators. */
export const overviewHandlers = {
  getOverview: ({ deps }) => readOverview(deps),
} satisfies Pick<Handlers, 'getOverview'>;
