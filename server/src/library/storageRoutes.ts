import type { Handlers } from '../http/request.ts';

/** The storage as an administrator sees it. */
export const storageHandlers = {
  async getStorage({ deps }) {
    const checks = await deps.store.check();
    const { driver, place } = deps.store.place;
    return { driver, place, checkedAt: deps.clock.now().toISOString(), checks };
  },
} satisfies Pick<Handlers, 'getStorage'>;
