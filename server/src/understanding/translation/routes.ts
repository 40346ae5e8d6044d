import { requireFeature } from '../../accounts/planAllows.ts';
import type { TranslationLine } from '@carmic/contract';
import { AppError, invalidInput, wrongState } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { Handlers } from '../../http/request.ts';
import { personOf } from '../../http/request.ts';
import { titleOf } from '../../library/content.ts';
import { requireNoHold } from '../../library/findHolds.ts';
import { loadVideo } from '../../library/load.ts';
import { enginesFor } from '../switchboard/engines.ts';
import { findTranscript, readTranscript } from '../transcripts.ts';
import { writeTrack } from './captionTrack.ts';
import { fastestRate, layCues } from './layCues.ts';
import { sentencesOf } from './translateTrack.ts';
import { findTranslations, linesOf, loadTranslation, presentTranslation, sealLines, type TranslationRow } from './translations.ts';

const presentWithLines = (deps: Deps, row: TranslationRow) => ({ ...presentTranslation(row), lines: linesOf(deps, row) });

/** A line as a person wrote it: they judged the words, so that only what can be counted is flagged. */
function editLine(line: TranslationLine, text: string): TranslationLine {
  const isEmpty = text === '' && /[\p{L}\p{N}]/u.test(line.source);
  const isFast = text.length / Math.max(0.05, line.endSeconds - line.startSeconds) > fastestRate;
  return {
    ...line,
    text,
    isEdited: true,
    flags: [
      ...(isEmpty ? [{ flag: 'missing' as const, note: 'Nothing was translated here.' }] : []),
      ...(isFast ? [{ flag: 'too_fast' as const, note: `More than ${fastestRate} characters a second: shorten it.` }] : []),
    ],
  };
}

async function linesInLanguage(deps: Deps, tx: Tx, videoId: string, language: string | undefined) {
  if (language !== undefined) {
    const row = (await findTranslations(deps, tx, videoId)).find((candidate) => candidate.language === language);
    if (row?.content_sealed != null) {
      return { language, lines: linesOf(deps, row) };
    }
  }
  const transcript = await findTranscript(deps, tx, videoId);
  const isOwn = language === undefined || transcript?.language === language;
  if (transcript === null || !isOwn) {
    throw wrongState(
      language === undefined ? 'This video has no transcript.' : 'There are no captions in this language; translate them first.',
    );
  }
  const { words } = await readTranscript(deps, tx, transcript);
  return { language: transcript.language, lines: layCues(words, sentencesOf(words)) };
}

/** Translated caption tracks. */
export const translationHandlers = {
  async listTranslations(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const video = await loadVideo(deps, tx, params.id);
      return { items: (await findTranslations(deps, tx, video.id)).map(presentTranslation) };
    });
  },
  async createTranslation(request) {
    const { deps, params, body } = request;
    const { workspaceId } = personOf(request);
    return deps.db.inWorkspace(workspaceId, async (tx) => {
      const video = await loadVideo(deps, tx, params.id);
      await requireFeature(deps, tx, workspaceId, 'translations');
      const transcript = await findTranscript(deps, tx, video.id);
      if (transcript === null) {
        throw wrongState('This video has no transcript to translate.');
      }
      const [language] = Intl.getCanonicalLocales(canonical(body.language));
      if (language === undefined || language.split('-')[0] === transcript.language.toLowerCase().split('-')[0]) {
        throw invalidInput('Choose another language than the one that is spoken.');
      }
      if ((await enginesFor(deps, tx, workspaceId, 'translation')).length === 0) {
        throw wrongState('No translation engine is switched on. An administrator can set one up under Engines.');
      }
      const [row] = await deps.db.rows<TranslationRow>(
        tx,
        `INSERT INTO translations (id, workspace_id, video_id, language, state, created_at, updated_at)
         VALUES (:id, :workspaceId, :videoId, :language, 'queued', :now, :now)
         ON CONFLICT (video_id, language) DO UPDATE SET state = 'queued', failure = NULL, updated_at = :now
         WHERE translations.state NOT IN ('queued', 'translating')
         RETURNING *, NULL AS words_version`,
        { id: newId(), workspaceId, videoId: video.id, language, now: deps.clock.now() },
      );
      if (row === undefined) {
        throw wrongState('This track is being translated already.');
      }
      tx.afterCommit(() => {
        deps.jobs
          .enqueue('translations.run', { workspaceId, translationId: row.id })
          .catch((error: unknown) => deps.log.warn({ err: error }, 'a translation was not enqueued; the watchdog will'));
      });
      return presentTranslation(row);
    });
  },
  async getTranslation(request) {
    const { deps, params } = request;
    const track = await deps.db.inWorkspace(personOf(request).workspaceId, async (tx) =>
      presentWithLines(deps, await loadTranslation(deps, tx, params.id)),
    );
    request.setEtag(String(track.version));
    return track;
  },
  async updateTranslation(request) {
    const { deps, params, body } = request;
    const { workspaceId, userId } = personOf(request);
    const track = await deps.db.inWorkspace(workspaceId, async (tx) => {
      const row = await loadTranslation(deps, tx, params.id, true);
      request.checkMatch(String(row.version));
      if (row.state !== 'draft' && row.state !== 'approved') {
        throw wrongState(`This track is ${row.state}; it can be edited when it is there.`);
      }
      if (row.version !== body.version) {
        throw new AppError('conflict', 'Somebody else changed this track meanwhile. Look at it and make your change again.', {
          details: { version: row.version },
        });
      }
      const lines = linesOf(deps, row);
      for (const { index, text } of body.lines ?? []) {
        const line = lines[index];
        if (line === undefined) {
          throw invalidInput(`There is no line ${index}.`);
        }
        lines[index] = editLine(line, text.replace(/\s+/g, ' '));
      }
      const isApproved = body.isApproved ?? row.state === 'approved';
      const [saved] = await deps.db.rows<TranslationRow>(
        tx,
        `UPDATE translations SET state = :state, version = version + 1, content_sealed = :sealed, flagged_count = :flagged, updated_at = :now
         WHERE id = :id RETURNING *, CAST(:wordsVersion AS integer) AS words_version`,
        {
          id: row.id,
          state: isApproved ? 'approved' : 'draft',
          sealed: sealLines(deps, row.id, lines),
          flagged: lines.filter((line) => line.flags.length > 0).length,
          now: deps.clock.now(),
          wordsVersion: row.words_version,
        },
      );
      await deps.appendEvent(tx, {
        workspaceId,
        type: 'translation.updated',
        videoId: row.video_id,
        subjectId: row.id,
        actorId: userId,
        data: { lines: body.lines?.length ?? 0, isApproved },
      });
      return presentWithLines(deps, saved ?? row);
    });
    request.setEtag(String(track.version));
    return track;
  },
  async deleteTranslation(request) {
    const { deps, params } = request;
    const { workspaceId, userId } = personOf(request);
    await deps.db.inWorkspace(workspaceId, async (tx) => {
      const row = await loadTranslation(deps, tx, params.id);
      await requireNoHold(deps, tx, [row.video_id]);
      await deps.db.change(tx, 'DELETE FROM translations WHERE id = :id', { id: row.id });
      await deps.appendEvent(tx, {
        workspaceId,
        type: 'translation.updated',
        videoId: row.video_id,
        subjectId: row.id,
        actorId: userId,
        data: { isDeleted: true },
      });
    });
    return undefined;
  },
  async getCaptionTrack(request) {
    const { deps, params, query } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const video = await loadVideo(deps, tx, params.id);
      const { language, lines } = await linesInLanguage(deps, tx, video.id, query.language);
      return {
        fileName: `${titleOf(deps, video)}.${language}.${query.format}`,
        contentType: query.format === 'srt' ? 'application/x-subrip' : 'text/vtt',
        text: writeTrack(lines, query.format),
      };
    });
  },
} satisfies Partial<Handlers>;

/** A language tag as it was given; one that is none is refused. */
function canonical(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? tag;
  } catch {
    throw invalidInput(`“${tag}” is no language tag; write for example de, fr or pt-BR.`);
  }
}
