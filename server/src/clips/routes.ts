import type { RouteName } from '@carmic/contract';
import { wrongState } from '../core/errors.ts';
import type { Handlers } from '../http/request.ts';
import { personOf } from '../http/request.ts';
import { findTranscript } from '../understanding/transcripts.ts';
import { findApproved } from '../understanding/translation/translations.ts';
import { chooseBrand, styleOf } from './brand/brandFor.ts';
import { brandHandlers } from './brand/routes.ts';
import { readClipPage } from './clipPage.ts';
import { appealClip } from './clipSafety.ts';
import { clipTransitions } from './clipStates.ts';
import { contentOf, sealContent, writeContent } from './content.ts';
import { createBundle, openBundle } from './exports/bundle.ts';
import { sendExport } from './exports/sendExport.ts';
import { loadClip, loadRendition } from './load.ts';
import { clipVersion, presentOneClip, presentOneRendition } from './present.ts';
import { editHandlers } from './editRoutes.ts';
import { createClipsFromMoments, findMoments } from './moments.ts';
import { queueRendition, requeueRendition } from './queueRendition.ts';
import { sharingHandlers } from './sharing/routes.ts';
import { compressionHandlers } from './tuning/routes.ts';

/** Routes that prove who is calling together with what they read: see http/proof.ts. */
export const provingRoutes: ReadonlySet<RouteName> = new Set(['listClips']);

/** Clips and their renditions. */
export const clipHandlers = {
  getExport: sendExport,
  createBundle: ({ deps, actor, params, body }) => createBundle(deps, personOf({ actor }), params.id, body.renditionIds),
  async getBundleFile({ deps, query, sendFile }) {
    sendFile(await openBundle(deps, query.token));
    return undefined;
  },
  ...editHandlers,
  ...compressionHandlers,
  findMoments: (request) => findMoments(request.deps, personOf(request), request.params.id, request.body),
  createClipsFromMoments: (request) => createClipsFromMoments(request.deps, personOf(request), request.params.id, request.body),
  ...brandHandlers,
  ...sharingHandlers,
  appealClip: (request) => appealClip(request.deps, personOf(request), request.params.id, request.body.message),
  async listClips(request) {
    const { deps, params } = request;
    return readClipPage(deps, personOf(request), params.id);
  },
  async getClip(request) {
    const { deps, params } = request;
    const clip = await deps.db.inWorkspace(personOf(request).workspaceId, async (tx) =>
      presentOneClip(deps, tx, (await loadClip(deps, tx, params.id)).clip),
    );
    request.setEtag(clip.version);
    return clip;
  },
  async updateClip(request) {
    const { deps, params, body } = request;
    const { workspaceId, userId } = personOf(request);
    const changed = await deps.db.inWorkspace(workspaceId, async (tx) => {
      const { clip } = await loadClip(deps, tx, params.id, true);
      request.checkMatch(clipVersion(clip));
      if (body.state !== undefined && body.state !== clip.state && clipTransitions[clip.state].includes(body.state)) {
        clip.state = body.state;
      }
      if (body.title !== undefined || body.tags !== undefined) {
        clip.contentSealed = sealContent(deps, clip.id, writeContent(contentOf(deps, clip), body));
      }
      if (body.cover !== undefined) {
        clip.cover = body.cover;
      }
      clip.updatedAt = deps.clock.now();
      await clip.save({ transaction: tx });
      await deps.appendEvent(tx, { workspaceId, type: 'clip.updated', videoId: clip.videoId, subjectId: clip.id, actorId: userId, data: { fields: Object.keys(body) } });
      return presentOneClip(deps, tx, clip);
    });
    request.setEtag(changed.version);
    return changed;
  },
  async createRendition(request) {
    const { deps, params, body } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const { clip, video } = await loadClip(deps, tx, params.id);
      if (video.probe === null) {
        throw wrongState('This video has not been inspected yet.');
      }
      const hasWords = (await findTranscript(deps, tx, video.id)) !== null;
      const brand = await chooseBrand(deps, tx, clip.workspaceId, body.brandKitId, video.options.brandKitId);
      const captionStyle = hasWords ? (body.captionStyle ?? styleOf(body.brandKitId ? brand : null) ?? video.options.captionStyle) : 'none';
      const captionLanguage = body.captionLanguage ?? null;
      if (captionLanguage !== null && (await findApproved(deps, tx, video.id, captionLanguage)) === null) {
        throw wrongState('There is no approved translation into this language: approve it first.');
      }
      const { aspect, captionOptions, framing, shortSide, codec } = body;
      const rendition = await queueRendition(deps, tx, clip, video.probe, { aspect, captionStyle, captionOptions, captionLanguage, brand, framing, shortSide, codec });
      return presentOneRendition(deps, tx, rendition, clip);
    });
  },
  async getRendition(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const { rendition, clip } = await loadRendition(deps, tx, params.id);
      return presentOneRendition(deps, tx, rendition, clip);
    });
  },
  async getFraming(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const { rendition } = await loadRendition(deps, tx, params.id);
      if (rendition.result === null) {
        throw wrongState(`This rendition is ${rendition.state}; how it is framed is known when it is ready.`);
      }
      return rendition.result.framing ?? { crops: [], faces: [] };
    });
  },
  async retryRendition(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const { rendition } = await loadRendition(deps, tx, params.id);
      if (!(await requeueRendition(deps, tx, rendition))) {
        throw wrongState(`This rendition is ${rendition.state}; only a failed or cancelled one can be tried again.`);
      }
      const fresh = await loadRendition(deps, tx, params.id);
      return presentOneRendition(deps, tx, fresh.rendition, fresh.clip);
    });
  },
} satisfies Partial<Handlers>;
