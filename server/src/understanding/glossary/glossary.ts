/** The workspace's glossary: sealed in its rows, found again by a keyed hash of the term. Keeps: S1. */
import type { GlossaryTerm } from '@carmic/contract';
import { z } from 'zod';
import { conflict, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';

const contentSchema = z.object({ term: z.string(), soundsLike: z.array(z.string()), translations: z.record(z.string(), z.string()) });
type Content = z.infer<typeof contentSchema>;

interface Row {
  id: string;
  content_sealed: Buffer;
  origin: GlossaryTerm['origin'];
  created_at: Date;
}

/** More would help no engine: Deepgram takes a hundred key terms, whisper reads about as much before a chunk. */
const mostTerms = 500;
const mostKeyTerms = 100;

const contextOf = (id: string) => `glossary_terms.content:${id}`;
/** By which a term is found again in its workspace. */
export const tokenOfTerm = (deps: Deps, workspaceId: string, term: string): string =>
  deps.sealer.blind(`glossary:${workspaceId}`)(term.toLowerCase());

/** Names a version of a term: the tag of its sealed content is another one after every change. */
const versionOf = ({ content_sealed: sealed }: Row) => sealed.subarray(-16).toString('base64url');

const presentTerm = (deps: Deps, row: Row): GlossaryTerm => ({
  id: row.id,
  ...contentSchema.parse(JSON.parse(deps.sealer.open(contextOf(row.id), row.content_sealed))),
  origin: row.origin,
  version: versionOf(row),
  createdAt: row.created_at.toISOString(),
});

/** Every term of the workspace, newest first. */
export async function listTerms(deps: Deps, tx: Tx): Promise<GlossaryTerm[]> {
  const rows = await deps.db.rows<Row>(
    tx,
    'SELECT id, content_sealed, origin, created_at FROM glossary_terms ORDER BY created_at DESC, id LIMIT :mostTerms',
    { mostTerms },
  );
  return rows.map((row) => presentTerm(deps, row));
}

/** The terms an engine is told to expect. */
export async function keyTermsOf(deps: Deps, tx: Tx): Promise<string[]> {
  return (await listTerms(deps, tx)).slice(0, mostKeyTerms).map(({ term }) => term);
}

/** One term. Throws not_found. */
export async function findTerm(deps: Deps, tx: Tx, id: string): Promise<GlossaryTerm> {
  return presentTerm(deps, await loadTerm(deps, tx, id, ''));
}

async function loadTerm(deps: Deps, tx: Tx, id: string, lock: '' | 'FOR UPDATE'): Promise<Row> {
  const [row] = await deps.db.rows<Row>(tx, `SELECT id, content_sealed, origin, created_at FROM glossary_terms WHERE id = :id ${lock}`, {
    id,
  });
  if (row === undefined) {
    throw notFound('term');
  }
  return row;
}

/** Adds a term. Throws conflict when it is there already. */
export async function addTerm(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  content: Content,
  origin: GlossaryTerm['origin'],
): Promise<GlossaryTerm> {
  const added = await insertTerm(deps, tx, workspaceId, content, origin);
  if (added === null) {
    throw conflict(`“${content.term}” is in the glossary already.`);
  }
  return added;
}

async function insertTerm(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  content: Content,
  origin: GlossaryTerm['origin'],
): Promise<GlossaryTerm | null> {
  const [counted] = await deps.db.rows<{ count: string }>(tx, 'SELECT count(*) AS count FROM glossary_terms', {});
  if (Number(counted?.count ?? 0) >= mostTerms) {
    throw conflict(`The glossary is full: it holds ${mostTerms} terms. Remove some first.`);
  }
  const id = newId();
  const [row] = await deps.db.rows<Row>(
    tx,
    `INSERT INTO glossary_terms (id, workspace_id, term_token, content_sealed, origin, created_at)
     VALUES (:id, :workspaceId, :token, :sealed, :origin, :now)
     ON CONFLICT DO NOTHING RETURNING id, content_sealed, origin, created_at`,
    {
      id,
      workspaceId,
      token: tokenOfTerm(deps, workspaceId, content.term),
      sealed: deps.sealer.seal(contextOf(id), JSON.stringify(content)),
      origin,
      now: deps.clock.now(),
    },
  );
  return row === undefined ? null : presentTerm(deps, row);
}

/** Adds what a correction teaches: a new term, or one more way in which a known one is misheard. A full glossary learns nothing. */
export async function learnTerm(deps: Deps, tx: Tx, workspaceId: string, learnt: { term: string; soundsLike: string }): Promise<void> {
  const { db, sealer } = deps;
  const soundsLike = learnt.soundsLike === '' ? [] : [learnt.soundsLike];
  const [known] = await db.rows<Row>(
    tx,
    'SELECT id, content_sealed, origin, created_at FROM glossary_terms WHERE workspace_id = :workspaceId AND term_token = :token FOR UPDATE',
    { workspaceId, token: tokenOfTerm(deps, workspaceId, learnt.term) },
  );
  if (known === undefined) {
    const [counted] = await db.rows<{ count: string }>(tx, 'SELECT count(*) AS count FROM glossary_terms', {});
    if (Number(counted?.count ?? 0) < mostTerms) {
      await insertTerm(deps, tx, workspaceId, { term: learnt.term, soundsLike, translations: {} }, 'correction');
    }
    return;
  }
  const { term, soundsLike: heard, translations } = presentTerm(deps, known);
  const content = { term, soundsLike: [...new Set([...heard, ...soundsLike])].slice(0, 10), translations };
  await db.change(tx, 'UPDATE glossary_terms SET content_sealed = :sealed WHERE id = :id', {
    id: known.id,
    sealed: sealer.seal(contextOf(known.id), JSON.stringify(content)),
  });
}

/** Changes a term. Throws not_found, precondition_failed, or conflict when another term is written so. */
export async function changeTerm(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  id: string,
  change: { [K in keyof Content]?: Content[K] | undefined },
  checkMatch: (version: string) => void,
): Promise<GlossaryTerm> {
  const { db, sealer } = deps;
  const row = await loadTerm(deps, tx, id, 'FOR UPDATE');
  checkMatch(versionOf(row));
  const { term, soundsLike, translations } = presentTerm(deps, row);
  const content: Content = {
    term: change.term ?? term,
    soundsLike: change.soundsLike ?? soundsLike,
    translations: change.translations ?? translations,
  };
  const token = tokenOfTerm(deps, workspaceId, content.term);
  const [other] = await db.rows<{ id: string }>(tx, 'SELECT id FROM glossary_terms WHERE term_token = :token AND id <> :id', { token, id });
  if (other !== undefined) {
    throw conflict(`“${content.term}” is in the glossary already.`);
  }
  const sealed = sealer.seal(contextOf(id), JSON.stringify(content));
  await db.change(tx, 'UPDATE glossary_terms SET content_sealed = :sealed, term_token = :token WHERE id = :id', { id, sealed, token });
  return presentTerm(deps, { ...row, content_sealed: sealed });
}

/** Removes a term. Throws not_found. */
export async function removeTerm(deps: Deps, tx: Tx, id: string): Promise<void> {
  if ((await deps.db.change(tx, 'DELETE FROM glossary_terms WHERE id = :id', { id })) === 0) {
    throw notFound('term');
  }
}
