/**
 * The steps of a deletion, in order. Keeps: R6.
 *
 * `tombstoned` and `cancelled` are one transaction: from its commit on nobody reads the content and no agent works on it. `deleted`: every
 * key of the manifest is gone from the storage. `purged`: the content network has forgotten it. `probed`: both were asked again and answered
 * that there is nothing. `done`: rows are gone and the receipt is signed. A killed worker's item goes on from its last recorded step; doing a
 * step twice does no harm.
 */
export const erasureSteps = ['tombstoned', 'cancelled', 'deleted', 'purged', 'probed', 'done'] as const;
export type ErasureStep = (typeof erasureSteps)[number];

/** When each step was finished, ISO-8601. */
export type StepTimes = Partial<Record<ErasureStep, string>>;

/** A deletion is finished this long after it was asked for, at the latest. */
export const deadlineSeconds = 24 * 3600;
/** An unfinished one raises the alarm after this. */
export const alarmSeconds = 20 * 3600;

export type ErasureScope = 'rendition' | 'clip' | 'video' | 'selection' | 'workspace' | 'brand_kit' | 'brand_file';
export type ErasureSubject = 'video' | 'rendition' | 'brand_file';
export type ErasureCause = 'request' | 'expiry' | 'upload_ended' | 'backup_restored';

/** A row of `erasures`. */
export interface ErasureRow {
  id: string;
  workspace_id: string;
  scope: ErasureScope;
  cause: ErasureCause;
  requested_by: string | null;
  requested_at: Date;
  deadline_at: Date;
  journaled_at: Date | null;
  /** Clips whose rows were deleted with this; they have no bytes of their own. */
  clip_ids: string[];
  /** Brand kits whose rows were deleted with this. */
  kit_ids: string[];
  item_count: number;
  done_count: number;
  object_count: string;
  alarmed_at: Date | null;
  overdue_at: Date | null;
  finished_at: Date | null;
  receipt: string | null;
}

/** What the saga needs to know of a row of `erasure_items`. */
export interface ItemRow {
  id: string;
  erasure_id: string;
  workspace_id: string;
  subject: ErasureSubject;
  subject_id: string;
  step: 'cancelled' | 'deleted' | 'purged';
  times: StepTimes;
  quiet_after: Date | null;
  tries: number;
}
