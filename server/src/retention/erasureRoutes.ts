import { type CreateErasureBody, receiptSchema } from '@carmic/contract';
import { forbidden, invalidInput, notFound, wrongState } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import { uuidArray } from '../db/uuidArray.ts';
import type { Deps } from '../deps.ts';
import { type Handlers, type Person, personOf } from '../http/request.ts';
import { loadClip, loadRendition } from '../clips/load.ts';
import { cancelRendition } from '../clips/cancelRendition.ts';
import { loadUpload, loadVideo } from '../library/load.ts';
import { buryRenditions, buryVideos, type StartedErasure } from './erasure/bury.ts';
import { buryBrandKits } from './erasure/buryBrandFiles.ts';
import { journalNow } from './erasure/journal.ts';
import { presentErasures } from './erasure/present.ts';
import type { ErasureRow, ErasureSubject } from './erasure/steps.ts';
import { listReceiptKeys } from './receipts/signer.ts';

async function startErasure(deps: Deps, tx: Tx, person: Person, body: CreateErasureBody): Promise<StartedErasure[]> {
  const { workspaceId, userId } = person;
  const wish = { scope: body.scope, cause: 'request', actorId: userId } as const;
  switch (body.scope) {
    case 'rendition': {
      const { rendition } = await loadRendition(deps, tx, body.renditionId);
      return buryRenditions(deps, tx, wish, { workspaceId, clipIds: [], renditionIds: [rendition.id] });
    }
    case 'clip': {
      const { clip } = await loadClip(deps, tx, body.clipId);
      return buryRenditions(deps, tx, wish, { workspaceId, clipIds: [clip.id], renditionIds: [] });
    }
    case 'video':
      return buryVideos(deps, tx, wish, [(await loadVideo(deps, tx, body.videoId)).id]);
    case 'selection': {
      const own = await deps.db.rows<{ id: string }>(
        tx,
        'SELECT id FROM videos WHERE workspace_id = :workspaceId AND deleted_at IS NULL AND id = ANY(CAST(:ids AS uuid[]))',
        { workspaceId, ids: uuidArray(body.videoIds) },
      );
      return buryVideos(
        deps,
        tx,
        wish,
        own.map((row) => row.id),
      );
    }
    case 'workspace':
      return eraseEverything(deps, tx, person, body.typedVideoCount);
  }
}

async function eraseEverything(deps: Deps, tx: Tx, person: Person, typedVideoCount: number): Promise<StartedErasure[]> {
  if (person.role !== 'owner') {
    throw forbidden('Only an owner may delete everything of a workspace.');
  }
  const { workspaceId, userId } = person;
  const all = await deps.db.rows<{ id: string; is_shown: boolean }>(
    tx,
    `SELECT id, (expires_at IS NULL OR expires_at > :now) AS is_shown FROM videos WHERE workspace_id = :workspaceId AND deleted_at IS NULL`,
    { workspaceId, now: deps.clock.now() },
  );
  const shown = all.filter((row) => row.is_shown).length;
  if (shown !== typedVideoCount) {
    throw invalidInput(`This workspace has ${shown} ${shown === 1 ? 'video' : 'videos'}: type that number to delete everything.`);
  }
  const wish = { scope: 'workspace', cause: 'request', actorId: userId } as const;
  const videos = await buryVideos(
    deps,
    tx,
    wish,
    all.map((row) => row.id),
  );
  return [...videos, ...(await buryBrandKits(deps, tx, { ...wish, scope: 'brand_kit' }, workspaceId))];
}

async function bury(deps: Deps, person: Person, work: (tx: Tx) => Promise<StartedErasure[]>): Promise<StartedErasure | undefined> {
  const started = await deps.db.inWorkspace(person.workspaceId, work);
  await journalNow(deps, started);
  return started[0];
}

async function loadErasure(deps: Deps, person: Person, id: string): Promise<ErasureRow> {
  const load = (tx: Tx) => deps.db.rows<ErasureRow>(tx, 'SELECT * FROM erasures WHERE id = :id', { id });
  const [row] = person.isAdmin ? await deps.db.asSystem(load) : await deps.db.inWorkspace(person.workspaceId, load);
  if (row === undefined) {
    throw notFound('deletion');
  }
  return row;
}

async function oneErasure(deps: Deps, row: ErasureRow) {
  const [erasure] = await deps.db.asSystem((tx) => presentErasures(deps, tx, [row]));
  if (erasure === undefined) {
    throw notFound('deletion');
  }
  return erasure;
}

function parseCursor(cursor: string | undefined): { time: Date; id: string } | null {
  if (cursor === undefined) {
    return null;
  }
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split('|');
  if (Number.isNaN(Date.parse(time)) || !/^[0-9a-f-]{36}$/.test(id)) {
    throw invalidInput('This page cursor is not one of ours: leave it out to start over.');
  }
  return { time: new Date(time), id };
}

/** Deletions for good, and what proves them. */
export const erasureHandlers = {
  async createErasure(request) {
    const { deps, body } = request;
    const person = personOf(request);
    const started = await bury(deps, person, (tx) => startErasure(deps, tx, person, body));
    if (started === undefined) {
      throw body.scope === 'workspace' ? wrongState('This workspace has nothing to delete.') : notFound('video');
    }
    return oneErasure(deps, await loadErasure(deps, person, started.erasureId));
  },
  async listErasures(request) {
    const { deps, query } = request;
    const person = personOf(request);
    if (query.workspaces === 'all' && !person.isAdmin) {
      throw forbidden('Only an administrator of this installation may see the deletions of every workspace.');
    }
    const after = parseCursor(query.cursor);
    return deps.db.asSystem(async (tx) => {
      const rows = await deps.db.rows<ErasureRow>(
        tx,
        `SELECT * FROM erasures WHERE TRUE ${query.workspaces === 'all' ? '' : 'AND workspace_id = :workspaceId'}
           ${query.state === 'all' ? '' : 'AND finished_at IS NULL'}
           ${after === null ? '' : 'AND (requested_at, id) < (:time, CAST(:id AS uuid))'}
         ORDER BY requested_at DESC, id DESC LIMIT :limit`,
        { workspaceId: person.workspaceId, limit: query.limit + 1, ...after },
      );
      const page = rows.slice(0, query.limit);
      const last = page.at(-1);
      return {
        items: await presentErasures(deps, tx, page),
        nextCursor:
          rows.length > query.limit && last !== undefined
            ? Buffer.from(`${last.requested_at.toISOString()}|${last.id}`).toString('base64url')
            : null,
      };
    });
  },
  async getErasure(request) {
    return oneErasure(request.deps, await loadErasure(request.deps, personOf(request), request.params.id));
  },
  async listErasureItems(request) {
    const { deps, query } = request;
    const erasure = await loadErasure(deps, personOf(request), request.params.id);
    const rows = await deps.db.asSystem((tx) =>
      deps.db.rows<{
        id: string;
        subject: ErasureSubject;
        subject_id: string;
        step: 'cancelled' | 'done';
        object_count: number;
        has_receipt: boolean;
      }>(
        tx,
        `SELECT id, subject, subject_id, step, object_count, receipt IS NOT NULL AS has_receipt FROM erasure_items
         WHERE erasure_id = :id ${query.cursor === undefined ? '' : 'AND id > :cursor'} ORDER BY id LIMIT :limit`,
        { id: erasure.id, cursor: query.cursor, limit: query.limit + 1 },
      ),
    );
    const page = rows.slice(0, query.limit);
    return {
      items: page.map((row) => ({
        id: row.id,
        subject: { kind: row.subject, id: row.subject_id },
        step: row.step,
        objectCount: row.object_count,
        hasReceipt: row.has_receipt,
      })),
      nextCursor: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null,
    };
  },
  async getErasureReceipt(request) {
    const { receipt } = await loadErasure(request.deps, personOf(request), request.params.id);
    if (receipt === null) {
      throw wrongState('This deletion is not finished: there is no receipt yet.');
    }
    return receiptSchema.parse(JSON.parse(receipt));
  },
  async getItemReceipt(request) {
    const { deps, params } = request;
    const person = personOf(request);
    const [row] = await deps.db.asSystem((tx) =>
      deps.db.rows<{ receipt: string | null; workspace_id: string }>(tx, 'SELECT receipt, workspace_id FROM erasure_items WHERE id = :id', {
        id: params.id,
      }),
    );
    if (row === undefined || (row.workspace_id !== person.workspaceId && !person.isAdmin)) {
      throw notFound('deletion');
    }
    if (row.receipt === null) {
      throw wrongState('This deletion is not finished: there is no receipt yet.');
    }
    return receiptSchema.parse(JSON.parse(row.receipt));
  },
  getReceiptKeys: async ({ deps }) => ({ keys: await listReceiptKeys(deps.db) }),

  async deleteVideo(request) {
    const { deps, params } = request;
    const person = personOf(request);
    await bury(deps, person, (tx) => startErasure(deps, tx, person, { scope: 'video', videoId: params.id }));
    return undefined;
  },
  async abortUpload(request) {
    const { deps, params } = request;
    const person = personOf(request);
    await bury(deps, person, async (tx) => {
      const { upload, video } = await loadUpload(deps, tx, params.id);
      if (upload.state !== 'open') {
        throw wrongState(`This upload is ${upload.state}.`);
      }
      return buryVideos(deps, tx, { scope: 'video', cause: 'upload_ended', actorId: person.userId }, [video.id]);
    });
    return undefined;
  },
  async cancelRendition(request) {
    const { deps, params } = request;
    const person = personOf(request);
    await bury(deps, person, async (tx) => {
      const { rendition } = await loadRendition(deps, tx, params.id);
      return (await cancelRendition(deps, tx, rendition))
        ? []
        : startErasure(deps, tx, person, { scope: 'rendition', renditionId: rendition.id });
    });
    return undefined;
  },
} satisfies Partial<Handlers>;
