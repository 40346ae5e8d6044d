import type { StripeGateway } from './billing/stripeGateway.ts';
import type { Clock } from './core/clock.ts';
import type { Sealer } from './core/crypto.ts';
import type { Env } from './core/env.ts';
import type { Log } from './core/log.ts';
import type { Signal } from './core/signal.ts';
import type { Database } from './db/database.ts';
import type { Egress } from './egress/egress.ts';
import type { ReportFault } from './egress/errorReports.ts';
import type { PublicFetch, PublicFetchRules } from './egress/publicFetch.ts';
import type { AppendEvent } from './events/append.ts';
import type { KeyProvider } from './keyring/keyProvider.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Cdn } from './retention/cdn/cdn.ts';
import type { ReceiptSigner } from './retention/receipts/signer.ts';
import type { ObjectStore } from './storage/objectStore.ts';

/** What every verb and handler may use; built once in main.ts. */
export interface Deps {
  env: Env;
  log: Log;
  clock: Clock;
  db: Database;
  sealer: Sealer;
  store: ObjectStore;
  /** What wraps the keys of everything that is stored. */
  rootKeys: KeyProvider;
  appendEvent: AppendEvent;
  /** Woken when events have committed in this process. */
  committed: Signal;
  /** Woken when a media task may have become available. */
  tasksReady: Signal;
  /** Where people reach this installation. */
  baseUrl: () => string;
  jobs: Jobs;
  egress: Egress;
  /** Tells of a fault where error reports are on. */
  reportFault: ReportFault;
  /** Which addresses of customers may be called, and the way to call them. */
  outgoing: PublicFetchRules;
  publicFetch: PublicFetch;
  /** Seed of the key that signs heads of the audit log. */
  auditKey: Buffer;
  cdn: Cdn;
  receipts: ReceiptSigner;
  /** Null when this installation sells nothing. */
  stripe: StripeGateway | null;
}
