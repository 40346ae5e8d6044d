import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Deps } from '../../deps.ts';
import { type Measure, readMeasures, type StateMetric, stateMetrics } from './measures.ts';

/** What this process and the instance tell Prometheus. */
export interface Metrics {
  /** Counts one answered request. */
  observe(route: string, method: string, status: number, seconds: number): void;
  /** Whether this process answered a request in the last seconds. */
  hasCallers(): boolean;
  /** The exposition text. Figures of the database are left out, and `carmic_database_up` is 0, while it is away. */
  read(): Promise<{ contentType: string; text: string }>;
}

/** Figures are read no oftener than this, however many ask. */
const freshMs = 5000;
/** So long after an answer whoever asked is taken to be there still. */
const callerMs = 5000;

/** Makes the metrics of one process. */
export function createMetrics(deps: Pick<Deps, 'db' | 'clock' | 'log' | 'egress'>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'carmic_http_request_seconds',
    help: 'Time to answer, by route of the API',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  new Counter({
    name: 'carmic_third_party_calls_total',
    help: 'Calls of third parties by this process, by party and outcome',
    labelNames: ['party', 'outcome'],
    registers: [registry],
    collect() {
      // The way out counts; here its sums are told.
      this.reset();
      for (const { count, outcome, party } of deps.egress.tallies()) {
        this.inc({ party, outcome }, count);
      }
    },
  });
  const isUp = new Gauge({ name: 'carmic_database_up', help: '1 while the database answers', registers: [registry] });
  const gauges = stateMetrics.map((metric) => ({
    metric,
    gauge: new Gauge({ name: metric.name, help: metric.help, labelNames: [...metric.labels], registers: [registry] }),
  }));
  let readAt = 0;
  let reading: Promise<void> | null = null;

  const readAll = async () => {
    try {
      const found: [StateMetric, Measure[]][] = [];
      for (const { metric } of gauges) {
        found.push([metric, await readMeasures(deps, metric)]);
      }
      const byMetric = new Map(found);
      for (const { metric, gauge } of gauges) {
        // A label that no row has now must not keep its last figure.
        gauge.reset();
        for (const { labels, value } of byMetric.get(metric) ?? []) {
          gauge.set(labels, value);
        }
      }
      isUp.set(1);
      readAt = Date.now();
    } catch (error) {
      deps.log.warn({ err: error }, 'the figures of the instance could not be read');
      for (const { gauge } of gauges) {
        gauge.reset();
      }
      isUp.set(0);
    }
  };

  let answeredAt = -Infinity;
  return {
    observe(route, method, status, seconds) {
      answeredAt = performance.now();
      requests.observe({ route, method, status: `${Math.floor(status / 100)}xx` }, seconds);
    },
    hasCallers: () => performance.now() - answeredAt < callerMs,
    async read() {
      if (Date.now() - readAt > freshMs) {
        reading ??= readAll().finally(() => {
          reading = null;
        });
        await reading;
      }
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
