import { analysisSchema, type VideoState, waveformSchema } from '@carmic/contract';
import { literal, Op } from 'sequelize';
import { invalidInput, wrongState } from '../core/errors.ts';
import type { Handlers } from '../http/request.ts';
import { personOf } from '../http/request.ts';
import { readJsonObject } from './readObject.ts';
import { createVideo } from './createVideo.ts';
import { labelVideo, listLabels, tokenOfLabel } from './labels.ts';
import { loadUpload, loadVideo } from './load.ts';
import { Videos } from './model.ts';
import { presentVideo, presentVideos } from './present.ts';
import { retryVideo } from './retryVideo.ts';
import { createImport } from './imports/importVideo.ts';
import { estimateVideo } from './estimateVideo.ts';
import { findObject } from './storedObjects.ts';
import { completeUpload, createPartUrls, presentUpload } from './uploads.ts';

/** Splits the cursor of a newest-first page: creation time and id of the last item. */
function parsePageCursor(cursor: string): { createdAt: Date; id: string } {
  const [time, id] = Buffer.from(cursor, 'base64url').toString().split('|');
  const createdAt = new Date(time ?? '');
  if (id === undefined || !/^[0-9a-f-]{36}$/.test(id) || Number.isNaN(createdAt.getTime())) {
    throw invalidInput('This page cursor is not one of ours: leave it out to start over.');
  }
  return { createdAt, id };
}

/** What the filter of a list means. */
const statesOf = {
  working: ['uploading', 'inspecting', 'transcribing', 'selecting', 'rendering'],
  ready: ['ready'],
  failed: ['failed', 'held'],
} as const satisfies Record<string, readonly VideoState[]>;

/** Videos and their uploads. */
export const libraryHandlers = {
  async createVideoImport(request) {
    const { deps, body } = request;
    const person = personOf(request);
    const video = await createImport(deps, person, body);
    return deps.db.inWorkspace(person.workspaceId, (tx) => presentVideo(deps, tx, video));
  },
  getVideoEstimate(request) {
    return estimateVideo(request.deps, personOf(request), request.query);
  },
  async createVideo(request) {
    const { deps, body } = request;
    const person = personOf(request);
    const { video, upload } = await createVideo(deps, person, body);
    const presented = await deps.db.inWorkspace(person.workspaceId, (tx) => presentVideo(deps, tx, video));
    return { video: presented, upload: await presentUpload(deps, upload) };
  },
  async listVideos(request) {
    const { deps, query } = request;
    const { workspaceId } = personOf(request);
    const after = query.cursor === undefined ? null : parsePageCursor(query.cursor);
    const tokens = (['folder', 'tag'] as const).flatMap((kind) => {
      const label = query[kind];
      return label === undefined ? [] : [tokenOfLabel(deps, workspaceId, kind, label)];
    });
    const chosen = [
      ...(query.state === undefined ? [] : [{ state: { [Op.in]: statesOf[query.state] } }]),
      // Decimal numbers of our own making.
      ...(tokens.length === 0 ? [] : [literal(`label_tokens @> ARRAY[${tokens.join(', ')}]::bigint[]`)]),
    ];
    return deps.db.inWorkspace(workspaceId, async (tx) => {
      const now = deps.clock.now();
      const rows = await deps.db.model(Videos).findAll({
        where: {
          workspaceId,
          deletedAt: null,
          [Op.and]: [
            ...chosen,
            { [Op.or]: [{ expiresAt: null }, { expiresAt: { [Op.gt]: now } }] },
            ...(after === null
              ? []
              : [{ [Op.or]: [{ createdAt: { [Op.lt]: after.createdAt } }, { createdAt: after.createdAt, id: { [Op.lt]: after.id } }] }]),
          ],
        },
        order: [
          ['createdAt', 'DESC'],
          ['id', 'DESC'],
        ],
        limit: query.limit + 1,
        transaction: tx,
      });
      const page = rows.slice(0, query.limit);
      const last = page.at(-1);
      const hasMore = rows.length > query.limit && last !== undefined;
      return {
        items: await presentVideos(deps, tx, page),
        nextCursor: hasMore ? Buffer.from(`${last.createdAt.toISOString()}|${last.id}`).toString('base64url') : null,
      };
    });
  },
  async getVideo(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => presentVideo(deps, tx, await loadVideo(deps, tx, params.id)));
  },
  async updateVideo(request) {
    const { deps, params, body } = request;
    const person = personOf(request);
    return deps.db.inWorkspace(person.workspaceId, async (tx) =>
      presentVideo(deps, tx, await labelVideo(deps, tx, person, params.id, body)),
    );
  },
  listVideoLabels({ deps, actor }) {
    const { workspaceId } = personOf({ actor });
    return deps.db.inWorkspace(workspaceId, (tx) => listLabels(deps, tx, workspaceId));
  },
  async retryVideo(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const video = await loadVideo(deps, tx, params.id);
      await retryVideo(deps, tx, video);
      return presentVideo(deps, tx, await loadVideo(deps, tx, params.id));
    });
  },
  async getWaveform(request) {
    const { deps, params } = request;
    const object = await deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const video = await loadVideo(deps, tx, params.id);
      return findObject(deps, tx, video.id, 'analysis');
    });
    if (object === null) {
      throw wrongState('This video has not been inspected yet.');
    }
    return waveformSchema.parse(await readJsonObject(deps, object, analysisSchema));
  },
  async getUpload(request) {
    const { deps, params } = request;
    const { upload } = await deps.db.inWorkspace(personOf(request).workspaceId, (tx) => loadUpload(deps, tx, params.id));
    return presentUpload(deps, upload);
  },
  async createPartUrls(request) {
    return createPartUrls(request.deps, personOf(request), request.params.id, request.body.parts);
  },
  async completeUpload(request) {
    const { deps, params, body } = request;
    const person = personOf(request);
    const video = await completeUpload(deps, person, params.id, body.parts);
    return deps.db.inWorkspace(person.workspaceId, (tx) => presentVideo(deps, tx, video));
  },
} satisfies Partial<Handlers>;
