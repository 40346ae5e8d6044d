import type { Handlers } from '../http/request.ts';

/** Faults of the console and of agents, sent on under our own address; what the contract does not name was cut off before. */
export const errorReportHandlers = {
  createErrorReport({ deps, body }) {
    deps.reportFault('console', body);
    return Promise.resolve(undefined);
  },
  createAgentErrorReport({ deps, body }) {
    deps.reportFault('agent', body);
    return Promise.resolve(undefined);
  },
} satisfies Partial<Handlers>;
