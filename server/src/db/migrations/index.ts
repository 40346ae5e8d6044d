import type { Migration } from './migration.ts';
import { agentLog } from './20261128AgentLogMigration.ts';
import { foundation } from './20261124FoundationMigration.ts';
import { retention } from './20261124RetentionMigration.ts';
import { clipSafety } from './20261127ClipSafetyMigration.ts';
import { clipEdits } from './20261127ClipEditsMigration.ts';
import { erasure } from './20261127ErasureMigration.ts';
import { framing } from './20261127FramingMigration.ts';
import { speech } from './20261127SpeechMigration.ts';
import { accounts } from './20261127AccountsMigration.ts';
import { usage } from './20261127UsageMigration.ts';
import { covers } from './20261127CoversMigration.ts';
import { brands } from './20261127BrandsMigration.ts';
import { safety } from './20261127SafetyMigration.ts';
import { signOn } from './20261127SignOnMigration.ts';
import { doors } from './20261127DoorsMigration.ts';
import { retentionMails } from './20261127RetentionMailsMigration.ts';
import { safekeeping } from './20261127SafekeepingMigration.ts';
import { imports } from './20261127ImportsMigration.ts';
import { sessionActor } from './20261127SessionActorMigration.ts';
import { compositeKeys } from './20261127CompositeKeysMigration.ts';
import { enrolments } from './20261127EnrolmentsMigration.ts';
import { restore } from './20261127RestoreMigration.ts';
import { billing } from './20261127BillingMigration.ts';
import { budgets } from './20261127BudgetsMigration.ts';
import { personalRights } from './20261127PersonalRightsMigration.ts';
import { archives } from './20261127ArchivesMigration.ts';
import { drainingAgents } from './20261127DrainingAgentsMigration.ts';
import { suspension } from './20261127SuspensionMigration.ts';
import { consent } from './20261127ConsentMigration.ts';
import { thirdParties } from './20261127ThirdPartiesMigration.ts';
import { claimedStage } from './20261128ClaimedStageMigration.ts';
import { policies } from './20261127PoliciesMigration.ts';
import { videoLabels } from './20261128VideoLabelsMigration.ts';
import { clipLinks } from './20261128ClipLinksMigration.ts';
import { chargeback } from './20261127ChargebackMigration.ts';
import { jobFailures } from './20261128JobFailuresMigration.ts';
import { forgottenCustomers } from './20261128ForgottenCustomersMigration.ts';
import { canary } from './20261128CanaryMigration.ts';
import { thirdPartyRefusals } from './20261128ThirdPartyRefusalsMigration.ts';
import { encodingStatistics } from './20261128EncodingStatisticsMigration.ts';
import { editBases } from './20261128EditBasesMigration.ts';

/** All migrations, oldest first. A released one is never edited. */
export const migrations: readonly Migration[] = [
  foundation,
  retention,
  clipEdits,
  erasure,
  speech,
  accounts,
  usage,
  framing,
  doors,
  covers,
  brands,
  safety,
  signOn,
  retentionMails,
  safekeeping,
  imports,
  compositeKeys,
  enrolments,
  restore,
  billing,
  sessionActor,
  budgets,
  drainingAgents,
  archives,
  personalRights,
  suspension,
  clipSafety,
  consent,
  thirdParties,
  policies,
  clipLinks,
  chargeback,
  claimedStage,
  jobFailures,
  videoLabels,
  forgottenCustomers,
  encodingStatistics,
  thirdPartyRefusals,
  canary,
  editBases,
  agentLog,
];
