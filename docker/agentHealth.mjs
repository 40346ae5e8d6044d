/** Looks when the server last took a call of this container's agent (refusals do not count): exit code 0 or 1, and the reason in words. */
import { statSync } from 'node:fs';
import { join } from 'node:path';

// Waiting for work answers every 20 s at the latest, a running task renews every few.
const longestSilenceMs = 90_000;
const beat = statSync(join(process.env.CARMIC_AGENT_DIR ?? '/agent', 'heartbeat'), { throwIfNoEntry: false });
const silence = beat === undefined ? null : Date.now() - beat.mtimeMs;
process.stdout.write(
  silence === null ? 'the server has not taken a call yet\n' : `the server took a call ${Math.round(silence / 1000)} s ago\n`,
);
process.exitCode = silence !== null && silence < longestSilenceMs ? 0 : 1;
