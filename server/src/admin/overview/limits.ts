/** From when on something is not well. The console's overview and `carmic doctor` agree on these. */
export const limits = {
  longWaitSeconds: 15 * 60,
  deadWorkerSeconds: 300,
  lateErasureSeconds: 20 * 3600,
  lateRetentionSeconds: 3600,
  oldestBackupHours: 36,
  certificateSoonDays: 14,
  busyConnectionShare: 0.8,
} as const;
