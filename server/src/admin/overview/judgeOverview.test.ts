import { expect, it } from 'vitest';
import { type Findings, judgeOverview } from './judgeOverview.ts';

const well: Findings = {
  agentsOnline: 2,
  oldestWaitSeconds: 4,
  oldestJobSeconds: 0,
  brokenEncoders: 0,
  storageChecks: [{ passed: true, isFatal: true }],
  workspacesFull: 0,
  connectionShare: 0.2,
  oldestErasureSeconds: 60,
  retentionLagSeconds: 0,
  backupHours: 5,
  certificateDays: 60,
  hasMail: true,
  endingKeys: 0,
  canaryFailures: 0,
};

const statesOf = (change: Partial<Findings>) =>
  Object.fromEntries(
    judgeOverview({ ...well, ...change })
      .filter(({ state }) => state !== 'ok')
      .map(({ name, state, figure }) => [name, [state, figure]]),
  );

it('finds nothing to do where everything is well', () => {
  expect(statesOf({})).toEqual({});
});

it('tells what does not work from what needs attention', () => {
  expect(statesOf({ agentsOnline: 0, oldestWaitSeconds: 901, oldestJobSeconds: 301, brokenEncoders: 1 })).toEqual({
    agents: ['bad', 0],
    queue: ['attention', 901],
    worker: ['bad', 301],
    encoders: ['attention', 1],
  });
  expect(
    statesOf({ oldestErasureSeconds: 72_001, retentionLagSeconds: 3601, connectionShare: 0.81, workspacesFull: 3, endingKeys: 2 }),
  ).toEqual({
    deletions: ['bad', 72_001],
    retention: ['attention', 3601],
    database: ['attention', 0.81],
    workspaces_full: ['attention', 3],
    api_keys: ['attention', 2],
  });
  expect(statesOf({ canaryFailures: 2 })).toEqual({ canary: ['bad', 2] });
  expect(statesOf({ canaryFailures: null })).toEqual({ canary: ['off', null] });
  expect(statesOf({ storageChecks: [{ passed: false, isFatal: false }] })).toEqual({ storage: ['attention', 1] });
  expect(statesOf({ storageChecks: [{ passed: false, isFatal: true }] })).toEqual({ storage: ['bad', 1] });
});

it('knows a backup that is old from none, and a certificate that ends from one that nobody shows', () => {
  expect(statesOf({ backupHours: 37 })).toEqual({ backup: ['bad', 37] });
  expect(statesOf({ backupHours: null })).toEqual({ backup: ['attention', null] });
  expect(statesOf({ certificateDays: 13 })).toEqual({ certificate: ['attention', 13] });
  expect(statesOf({ certificateDays: -1 })).toEqual({ certificate: ['bad', -1] });
  expect(statesOf({ certificateDays: Number.NaN })).toEqual({ certificate: ['attention', null] });
  expect(statesOf({ certificateDays: null, hasMail: false })).toEqual({ certificate: ['off', null], mail: ['off', null] });
});
