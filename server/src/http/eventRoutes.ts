import { readEvents } from '../events/read.ts';
import { streamEvents } from './liveStream.ts';
import { type Handlers, personOf } from './request.ts';

const start = '0-0';

/** The workspace's events, page by page. */
export const eventHandlers = {
  streamEvents,
  async listEvents(request) {
    const { deps, query } = request;
    const { workspaceId } = personOf(request);
    const found = await deps.db.inWorkspace(workspaceId, (tx) =>
      readEvents(deps.db, tx, { workspaceId, after: query.cursor ?? start, limit: query.limit + 1 }),
    );
    const page = found.slice(0, query.limit);
    return { items: page, nextCursor: found.length > query.limit ? (page.at(-1)?.id ?? null) : null };
  },
} satisfies Pick<Handlers, 'listEvents' | 'streamEvents'>;
