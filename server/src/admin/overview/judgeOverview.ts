import type { OverviewCheck } from '@carmic/contract';
import { limits } from './limits.ts';

/** What was found, before anybody judges it. */
export interface Findings {
  agentsOnline: number;
  oldestWaitSeconds: number;
  oldestJobSeconds: number;
  /** Encoders of graphics cards that agents have and cannot use. */
  brokenEncoders: number;
  storageChecks: readonly { passed: boolean; isFatal: boolean }[];
  workspacesFull: number;
  connectionShare: number;
  oldestErasureSeconds: number;
  retentionLagSeconds: number;
  /** Null: none that this installation knows of. */
  backupHours: number | null;
  /** Null: no https address; NaN: nobody answers there. */
  certificateDays: number | null;
  hasMail: boolean;
  endingKeys: number;
  /** Steps of the canary that failed; null while it is off. */
  canaryFailures: number | null;
}

type State = OverviewCheck['state'];

const above = (figure: number, limit: number, otherwise: State): State => (figure > limit ? otherwise : 'ok');

/** Says of each finding whether it is well. */
export function judgeOverview(found: Findings): OverviewCheck[] {
  const failing = found.storageChecks.filter((check) => !check.passed);
  const storage: State = failing.some((check) => check.isFatal) ? 'bad' : failing.length > 0 ? 'attention' : 'ok';
  return [
    { name: 'agents', state: found.agentsOnline === 0 ? 'bad' : 'ok', figure: found.agentsOnline },
    { name: 'queue', state: above(found.oldestWaitSeconds, limits.longWaitSeconds, 'attention'), figure: found.oldestWaitSeconds },
    { name: 'worker', state: above(found.oldestJobSeconds, limits.deadWorkerSeconds, 'bad'), figure: found.oldestJobSeconds },
    { name: 'encoders', state: above(found.brokenEncoders, 0, 'attention'), figure: found.brokenEncoders },
    { name: 'storage', state: storage, figure: failing.length },
    { name: 'workspaces_full', state: above(found.workspacesFull, 0, 'attention'), figure: found.workspacesFull },
    { name: 'database', state: above(found.connectionShare, limits.busyConnectionShare, 'attention'), figure: found.connectionShare },
    { name: 'deletions', state: above(found.oldestErasureSeconds, limits.lateErasureSeconds, 'bad'), figure: found.oldestErasureSeconds },
    {
      name: 'retention',
      state: above(found.retentionLagSeconds, limits.lateRetentionSeconds, 'attention'),
      figure: found.retentionLagSeconds,
    },
    {
      name: 'backup',
      state: found.backupHours === null ? 'attention' : above(found.backupHours, limits.oldestBackupHours, 'bad'),
      figure: found.backupHours,
    },
    judgeCertificate(found.certificateDays),
    { name: 'mail', state: found.hasMail ? 'ok' : 'off', figure: null },
    { name: 'api_keys', state: above(found.endingKeys, 0, 'attention'), figure: found.endingKeys },
    {
      name: 'canary',
      state: found.canaryFailures === null ? 'off' : above(found.canaryFailures, 0, 'bad'),
      figure: found.canaryFailures,
    },
  ];
}

function judgeCertificate(days: number | null): OverviewCheck {
  if (days === null) {
    return { name: 'certificate', state: 'off', figure: null };
  }
  if (Number.isNaN(days)) {
    return { name: 'certificate', state: 'attention', figure: null };
  }
  return { name: 'certificate', state: days < 0 ? 'bad' : days < limits.certificateSoonDays ? 'attention' : 'ok', figure: days };
}
