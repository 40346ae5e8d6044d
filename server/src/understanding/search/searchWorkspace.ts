import type { SearchHit } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { titleOf } from '../../library/content.ts';
import { type Video, Videos } from '../../library/model.ts';
import { blindOf, openSegment } from './indexSegments.ts';
import { formsOf, type PlacedWord, type Stem, stemmerOf, wordsIn } from './tokenize.ts';

interface Row {
  id: string;
  video_id: string;
  kind: SearchHit['kind'];
  start_seconds: number;
  language: string;
  content_sealed: Buffer;
}

/** Rows that are opened and looked at for one page: the newest videos' first. */
const mostCandidates = 400;
const mostWords = 12;

/** Finds what was said, and titles. Every word of the query has to be there; what stands in quotation marks has to stand together. */
export async function searchWorkspace(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  query: { q: string; limit: number },
): Promise<{ items: SearchHit[]; hasMore: boolean }> {
  const { db } = deps;
  const languages = (await db.rows<{ language: string }>(tx, 'SELECT DISTINCT language FROM search_segments LIMIT 40', {})).map(
    (row) => row.language,
  );
  const stems = new Map(
    await Promise.all(languages.map(async (language): Promise<[string, Stem]> => [language, await stemmerOf(language)])),
  );
  const asked = wordsIn(query.q).slice(0, mostWords);
  const blind = blindOf(deps, workspaceId);
  // A word is looked for in every language of the workspace; one of the commonest words narrows nothing.
  const groups = asked
    .map((word) => [...new Set(languages.flatMap((language) => formsOf(word.text, language, stems.get(language) ?? same)))].map(blind))
    .filter((tokens) => tokens.length > 0);
  if (groups.length === 0) {
    return { items: [], hasMore: false };
  }
  const conditions = groups.map((_, i) => `s.tokens && CAST(:group${i} AS bigint[])`).join(' AND ');
  const rows = await db.rows<Row>(
    tx,
    `SELECT s.id, s.video_id, s.kind, s.start_seconds, s.language, s.content_sealed
     FROM search_segments s JOIN videos v ON v.id = s.video_id
     WHERE ${conditions} AND v.deleted_at IS NULL AND (v.expires_at IS NULL OR v.expires_at > :now)
     ORDER BY (s.kind = 'title') DESC, v.created_at DESC, s.start_seconds, s.id LIMIT :most`,
    {
      ...Object.fromEntries(groups.map((tokens, i) => [`group${i}`, `{${tokens.join(',')}}`])),
      now: deps.clock.now(),
      most: mostCandidates,
    },
  );
  const phrases = [...query.q.matchAll(/["“”„«]([^"“”„«»]+)["“”»]/g)].map((match) => wordsIn(match[1] ?? ''));
  const found = rows.flatMap((row) => {
    const hit = matchRow(deps, row, asked, phrases, stems.get(row.language) ?? same);
    return hit === null ? [] : [{ row, hit }];
  });
  // Words that stand together as they were asked come first; the order of videos stays otherwise.
  const ranked = found.map((item, order) => ({ ...item, order })).sort((a, b) => b.hit.nearness - a.hit.nearness || a.order - b.order);
  const page = ranked.slice(0, query.limit);
  const titles = await titlesOf(
    deps,
    tx,
    page.map(({ row }) => row.video_id),
  );
  return {
    items: page.map(({ row, hit }) => ({
      videoId: row.video_id,
      videoTitle: titles.get(row.video_id) ?? '',
      kind: row.kind,
      startSeconds: hit.startSeconds,
      text: hit.text,
      marks: hit.marks,
    })),
    hasMore: ranked.length > query.limit,
  };
}

const same: Stem = (word) => word;

async function titlesOf(deps: Deps, tx: Tx, ids: readonly string[]): Promise<Map<string, string>> {
  const videos = await deps.db.model(Videos).findAll({ where: { id: [...new Set(ids)] }, transaction: tx });
  return new Map(videos.map((video: Video) => [video.id, titleOf(deps, video)]));
}

interface Match {
  text: string;
  startSeconds: number;
  marks: { from: number; to: number }[];
  nearness: number;
}

/** Looks at the words themselves: where they stand, whether phrases hold, and how near they are to each other. */
function matchRow(deps: Deps, row: Row, asked: readonly PlacedWord[], phrases: readonly PlacedWord[][], stem: Stem): Match | null {
  const { text, starts } = openSegment(deps, row.id, row.content_sealed);
  const forms = (word: string) => formsOf(word, 'und', stem);
  const words = wordsIn(text).map((word) => ({ ...word, forms: new Set(forms(word.text)) }));
  const isOne = (word: (typeof words)[number] | undefined, wanted: PlacedWord) =>
    word !== undefined && forms(wanted.text).some((form) => word.forms.has(form));
  const standsAt = (phrase: readonly PlacedWord[], at: number) => phrase.every((wanted, i) => isOne(words[at + i], wanted));
  if (!phrases.every((phrase) => words.some((_, at) => standsAt(phrase, at)))) {
    return null;
  }
  const hits = words.flatMap((word, at) => (asked.some((wanted) => isOne(word, wanted)) ? [at] : []));
  const [first] = hits;
  if (first === undefined) {
    return null;
  }
  const together = words.findIndex((_, at) => standsAt(asked, at));
  const lead = words[together === -1 ? first : together];
  const from = lead?.from ?? 0;
  const index = text.slice(0, from).split(' ').length - 1;
  return {
    text,
    startSeconds: starts[index] ?? row.start_seconds,
    marks: hits.map((at) => ({ from: words[at]?.from ?? 0, to: words[at]?.to ?? 0 })),
    nearness: together === -1 ? 0 : 1,
  };
}
