import type { Handlers } from '../../http/request.ts';
import { personOf } from '../../http/request.ts';
import { createClipLink, deleteClipComment, deleteClipLink, listReviews, updateClipComment } from './links.ts';
import { addSharedComment, openSharedClip } from './sharedClip.ts';

/** Links to clips, and what is said through them. */
export const sharingHandlers = {
  listReviews: (request) => listReviews(request.deps, personOf(request), request.params.id),
  createClipLink: (request) => createClipLink(request.deps, personOf(request), request.params.id, request.body),
  deleteClipLink: (request) => deleteClipLink(request.deps, personOf(request), request.params.id),
  updateClipComment: (request) => updateClipComment(request.deps, personOf(request), request.params.id, request.body.isDone),
  deleteClipComment: (request) => deleteClipComment(request.deps, personOf(request), request.params.id),
  openSharedClip: (request) => openSharedClip(request.deps, request.body),
  addSharedComment: (request) => addSharedComment(request.deps, request.body),
} satisfies Partial<Handlers>;
