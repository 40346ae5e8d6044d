/**
 * Keeps the policies as they are in force: whenever a plan, a third party or a setting changes them, the new text is another version, and everybody
 * with an account is told by mail what changed. Keeps: T1.
 */
import { createHash } from 'node:crypto';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { isMailOn, queueMail } from '../../mail/mail.ts';
import { readMailSettings } from '../../mail/mailSettings.ts';
import { listThirdParties } from '../thirdParties/thirdParties.ts';
import { diffPolicies, type Policy, type PolicyFacts, writePrivacyPolicy, writeProcessingAnnex } from './policyText.ts';

export type PolicyKind = 'privacy' | 'processing';
const writers = { privacy: writePrivacyPolicy, processing: writeProcessingAnnex } as const;
const policyKinds = Object.keys(writers) as PolicyKind[];

/** One version as it was in force. */
export interface PolicyVersion {
  kind: PolicyKind;
  version: number;
  fingerprint: string;
  content: Policy;
  created_at: Date;
}
const validSeconds = 7 * 24 * 3600;
const shownChanges = 30;

/** What the policies are written from; null while nobody said who runs this installation. */
async function readFacts(deps: Deps, tx: Tx): Promise<PolicyFacts | null> {
  const { env } = deps;
  if (env.CARMIC_OPERATOR_NAME === undefined || env.CARMIC_OPERATOR_EMAIL === undefined) {
    return null;
  }
  const plans = await deps.db.rows<{ name: string; days: number | null }>(
    tx,
    'SELECT name, expires_after_days AS days FROM plans WHERE archived_at IS NULL ORDER BY created_at, name',
  );
  const parties = (await listThirdParties(deps, tx)).filter(
    ({ state, isSubProcessor }) => isSubProcessor && (state === 'on' || state === 'announced'),
  );
  const settings = await readMailSettings(deps, tx);
  return {
    instance: env.CARMIC_INSTANCE_NAME,
    baseUrl: deps.baseUrl(),
    operator: {
      name: env.CARMIC_OPERATOR_NAME,
      address: env.CARMIC_OPERATOR_ADDRESS ?? null,
      email: env.CARMIC_OPERATOR_EMAIL,
      officer: env.CARMIC_DPO_CONTACT ?? null,
      authority: env.CARMIC_SUPERVISORY_AUTHORITY ?? null,
    },
    plans,
    parties,
    marketing: settings.marketing,
    isDoubleOptIn: settings.isDoubleOptIn,
    sellsPlans: deps.stripe !== null,
    isMailOn: isMailOn(deps),
    errorReports: env.CARMIC_SENTRY_DSN === undefined ? null : new URL(env.CARMIC_SENTRY_DSN).host,
    storage: env.CARMIC_STORAGE === 's3' ? 's3' : 'disk',
  };
}

/** The version in force; null while there is none. */
async function currentPolicy(deps: Deps, tx: Tx, kind: PolicyKind): Promise<PolicyVersion | null> {
  const [row] = await deps.db.rows<PolicyVersion>(tx, 'SELECT * FROM policy_versions WHERE kind = :kind ORDER BY version DESC LIMIT 1', {
    kind,
  });
  return row ?? null;
}

/** Writes a new version of each policy that what is in force has changed, and tells people. Any number of processes may do this. */
export async function keepPolicies(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  await db.asSystem(async (tx) => {
    await db.rows(tx, 'SELECT pg_advisory_xact_lock(723423)');
    const facts = await readFacts(deps, tx);
    if (facts === null) {
      return;
    }
    for (const kind of policyKinds) {
      const content = writers[kind](facts);
      const fingerprint = createHash('sha256').update(JSON.stringify(content)).digest('hex');
      const before = await currentPolicy(deps, tx, kind);
      if (before?.fingerprint === fingerprint) {
        continue;
      }
      const version = (before?.version ?? 0) + 1;
      await db.change(
        tx,
        `INSERT INTO policy_versions (kind, version, fingerprint, content, created_at) VALUES (:kind, :version, :fingerprint, CAST(:content AS jsonb), :now)`,
        { kind, version, fingerprint, content: JSON.stringify(content), now: clock.now() },
      );
      if (before !== null) {
        await tell(deps, tx, kind, version, before.content, content);
      }
      await deps.appendEvent(tx, { workspaceId: null, type: 'policy.changed', data: { kind, version } });
    }
  });
}

async function tell(deps: Deps, tx: Tx, kind: PolicyKind, version: number, before: Policy, after: Policy): Promise<void> {
  const people = await deps.db.rows<{ id: string; email: string; name: string }>(
    tx,
    "SELECT id, email, name FROM users WHERE kind = 'person' AND suspended_at IS NULL AND email NOT LIKE '%.invalid'",
  );
  const changes = {
    en: diffPolicies(before.en, after.en).slice(0, shownChanges),
    de: diffPolicies(before.de, after.de).slice(0, shownChanges),
  };
  for (const { id, email, name } of people) {
    await queueMail(deps, tx, { template: 'policy', data: { kind, version, changes }, to: { email, name, userId: id }, validSeconds });
  }
}
