/**
 * Sends faults to Sentry, or whatever speaks its protocol. Keeps: C4. Off without a DSN. The event is built here, from a fault that holds nothing but kind,
 * code and places: no library looks around for more. What is alike is sent a few times an hour only.
 */
import { randomUUID } from 'node:crypto';
import { describeFault, type Fault } from '@carmic/contract';
import type { Env } from '../core/env.ts';
import { StartError } from '../core/errors.ts';
import { release } from '../core/release.ts';
import type { Egress, Party } from './egress.ts';

const partyName = 'sentry';
const timeoutMs = 10_000;
const mostAlike = 5;
const mostAtAll = 200;
const windowMs = 3_600_000;
/** Names of routes, as the contract has them. */
const routePattern = /^[a-z][A-Za-z]{1,60}$/;

export type FaultSource = 'server' | 'console' | 'agent';
/** Sends a fault on; never throws, never waits. */
export type ReportFault = (source: FaultSource, fault: Fault, route?: string | null) => void;

/** The third party that a DSN names. Throws StartError for one of Sentry's outside of the EU. */
export function errorReportParties(env: Env): Party[] {
  if (env.CARMIC_SENTRY_DSN === undefined) {
    return [];
  }
  const { hostname } = readDsn(env.CARMIC_SENTRY_DSN);
  if (hostname.endsWith('sentry.io') && !hostname.endsWith('.de.sentry.io')) {
    throw new StartError('CARMIC_SENTRY_DSN leads out of the EU: make the project in the region “European Union” (….ingest.de.sentry.io).');
  }
  return [{ name: partyName, baseUrl: new URL(env.CARMIC_SENTRY_DSN).origin }];
}

/** Whether faults are sent anywhere. */
export const reportsErrors = (env: Pick<Env, 'CARMIC_SENTRY_DSN'>): boolean => env.CARMIC_SENTRY_DSN !== undefined;

function readDsn(dsn: string) {
  const url = new URL(dsn);
  const project = url.pathname.split('/').at(-1) ?? '';
  if (url.username === '' || !/^\d+$/.test(project)) {
    throw new StartError('CARMIC_SENTRY_DSN is none: https://<key>@<host>/<project>.');
  }
  return {
    hostname: url.hostname,
    key: url.username,
    target: `${url.origin}${url.pathname.slice(0, -project.length)}api/${project}/envelope/`,
  };
}

/** One event, field by field. */
export function buildErrorEvent(source: FaultSource, fault: Fault, route: string | null, environment: string, now: Date) {
  return {
    event_id: randomUUID().replaceAll('-', ''),
    timestamp: now.getTime() / 1000,
    platform: source === 'console' ? 'javascript' : 'node',
    level: 'error',
    release: `carmic@${release.version}`,
    environment,
    tags: { source, ...(fault.code === null ? {} : { code: fault.code }) },
    ...(route !== null && routePattern.test(route) ? { transaction: route } : {}),
    exception: {
      values: [
        {
          type: fault.type,
          // Sentry shows the last frame first.
          stacktrace: {
            frames: [...fault.frames].reverse().map((frame) => ({
              filename: frame.file,
              lineno: frame.line,
              colno: frame.column,
              in_app: !frame.file.startsWith('node'),
              ...(frame.function === null ? {} : { function: frame.function }),
            })),
          },
        },
      ],
    },
  };
}

/** Builds the way for faults; does nothing where error reports are off. */
export function createErrorReporter(env: Env, egress: Egress, now: () => Date): ReportFault {
  if (env.CARMIC_SENTRY_DSN === undefined) {
    return () => undefined;
  }
  const { key, target } = readDsn(env.CARMIC_SENTRY_DSN);
  const send = egress.fetchFor(partyName);
  const sent = new Map<string, number>();
  let begun = performance.now();
  return (source, fault, route = null) => {
    if (performance.now() - begun > windowMs) {
      sent.clear();
      begun = performance.now();
    }
    const [place] = fault.frames;
    const alike = `${source} ${fault.type} ${place?.file ?? ''}:${place?.line ?? 0}`;
    const count = sent.get(alike) ?? 0;
    const total = [...sent.values()].reduce((sum, each) => sum + each, 0);
    if (count >= mostAlike || total >= mostAtAll) {
      return;
    }
    sent.set(alike, count + 1);
    const event = buildErrorEvent(source, fault, route, env.CARMIC_SENTRY_ENVIRONMENT, now());
    const body = JSON.stringify(event);
    const envelope = `${JSON.stringify({ event_id: event.event_id, sent_at: now().toISOString() })}\n${JSON.stringify({ type: 'event', length: Buffer.byteLength(body) })}\n${body}\n`;
    // Reporting a failed report would go round for ever: the tallies of the way out count it.
    send(target, {
      method: 'POST',
      body: envelope,
      headers: {
        'content-type': 'application/x-sentry-envelope',
        'x-sentry-auth': `Sentry sentry_version=7, sentry_client=carmic/${release.version}, sentry_key=${key}`,
      },
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => undefined);
  };
}

/** Reports whatever was thrown in the server. */
export const reportThrown = (report: ReportFault, thrown: unknown, route: unknown) =>
  report('server', describeFault(thrown), typeof route === 'string' ? route : null);
