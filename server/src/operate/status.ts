import { readMeasures, stateMetrics } from '../admin/operations/measures.ts';
import { readEnv } from '../core/env.ts';
import { release } from '../core/release.ts';
import type { OperatorCommand } from './command.ts';
import { withDatabase } from './installation.ts';

/** One figure of the installation, with the words of its metric. */
export interface StatusFigure {
  name: string;
  help: string;
  values: { labels: Readonly<Record<string, string>>; value: number }[];
}

export const status: OperatorCommand = {
  help: [],
  options: {},
  run: (call) =>
    withDatabase(readEnv(call.environment), async (parts) => {
      const figures: StatusFigure[] = [];
      for (const metric of stateMetrics) {
        figures.push({ name: metric.name, help: metric.help, values: await readMeasures(parts, metric) });
      }
      return { lines: [`Carmic ${release.version}`, ...figures.flatMap(describe)], data: { release: release.version, figures } };
    }),
};

function describe({ help, values }: StatusFigure): string[] {
  if (values.length === 0) {
    return [`${help}: none`];
  }
  return values.map(({ labels, value }) => {
    const of = Object.values(labels).join(', ');
    return `${help}${of === '' ? '' : ` (${of})`}: ${Number.isInteger(value) ? value : value.toFixed(1)}`;
  });
}
