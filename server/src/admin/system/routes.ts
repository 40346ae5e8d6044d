import { Readable } from 'node:stream';
import { type Handlers, personOf } from '../../http/request.ts';
import { forgetJob, readJobs, retryJob, runJob } from './jobs.ts';
import { readSystem } from './readSystem.ts';
import { checkSetting, listSettings } from './settings.ts';
import { buildSupportBundle } from './supportBundle.ts';

/** The installation itself, for its administrators. */
export const systemHandlers = {
  getSystem: ({ deps }) => readSystem(deps),
  getJobs: ({ deps }) => readJobs(deps),
  retryJob: async (request) => {
    await retryJob(request.deps, personOf(request).userId, request.params.id);
    return undefined;
  },
  forgetJob: async ({ deps, params }) => {
    await forgetJob(deps, params.id);
    return undefined;
  },
  runJob: async ({ deps, params }) => {
    await runJob(deps, params.name);
    return undefined;
  },
  async getSupportBundle({ deps, sendFile }) {
    const name = `carmic-support-${new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, '-')}.json`;
    sendFile({ name, type: 'application/json', body: Readable.from([await buildSupportBundle(deps)]) });
    return undefined;
  },
  listSettings: async ({ deps }) => ({ items: await listSettings(deps) }),
  checkSetting: ({ params, body }) => Promise.resolve({ problems: checkSetting(params.name, body.value) }),
} satisfies Partial<Handlers>;
