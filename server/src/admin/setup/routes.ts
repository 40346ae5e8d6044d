import { type Handlers, personOf } from '../../http/request.ts';
import { testMail } from '../../mail/testMail.ts';
import { readSetup, writeSetupStep } from './setup.ts';

/** The first set-up, for administrators. */
export const setupHandlers = {
  getSetup: ({ deps }) => deps.db.asSystem((tx) => readSetup(deps, tx)),
  putSetupStep: (request) => writeSetupStep(request.deps, personOf(request).userId, request.params.step, request.body.state),
  testMail: (request) => testMail(request.deps, personOf(request).userId),
} satisfies Partial<Handlers>;
