import type { RouteName } from '@carmic/contract';
import { AppError } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import type { Actor } from './request.ts';

/** Routes that start processing of content: who restricted it is refused here. */
const processingRoutes: ReadonlySet<RouteName> = new Set<RouteName>([
  'createVideo',
  'createVideoImport',
  'completeUpload',
  'retryVideo',
  'createRendition',
  'createTranslation',
  'findMoments',
  'createClipsFromMoments',
]);

/** Throws processing_restricted when the person has stopped processing of their content (GDPR, article 18). Keeps: G4. */
export async function requireUnrestricted(deps: Deps, name: RouteName, actor: Actor): Promise<void> {
  if (actor.kind !== 'person' || !processingRoutes.has(name)) {
    return;
  }
  const restricted = await deps.db.systemRows('SELECT 1 FROM person_rights WHERE user_id = :userId AND restricted_at IS NOT NULL', {
    userId: actor.userId,
  });
  if (restricted.length > 0) {
    throw new AppError(
      'processing_restricted',
      'You have restricted the processing of your content: nothing new is made of it. Lift that on the Privacy page first.',
    );
  }
}
