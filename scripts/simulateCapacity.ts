/**
 * `npm run capacity`: how many hours of video a fleet does and what they cost, from 10 to 10,000 machines. Deterministic; docs/scaling.md tells
 * what the figures mean. Other figures than those measured: `--inspect`, `--render` (processor seconds per second), `--cores`, `--price` (an hour of a
 * machine), `--seed`, `--machines 10,100`.
 */
import { parseArgs } from 'node:util';
import { fixedLimits } from '../server/src/agents/provisioning/decide.ts';
import { createRandom } from './capacity/random.ts';
import { type Demand, type Plant, simulateFleet } from './capacity/simulateFleet.ts';

/** What `npm run bench -- analyze` and `-- render` said on 27 November 2026 on two cores with a load of 1.5 to 3.6 (libx264, 1080p, docs/scaling.md). */
const measured = { inspect: '0.061', render: '2.79' };

const { values } = parseArgs({
  options: {
    inspect: { type: 'string', default: measured.inspect },
    render: { type: 'string', default: measured.render },
    cores: { type: 'string', default: '4' },
    price: { type: 'string', default: '0.1' },
    seed: { type: 'string', default: '1' },
    machines: { type: 'string', default: '10,100,1000,10000' },
  },
});
const number = (name: keyof typeof values): number => {
  const value = Number(values[name]);
  if (!Number.isFinite(value) || value <= 0) {
    throw new Error(`--${name} is a number above 0.`);
  }
  return value;
};

const plant: Plant = {
  inspectPerSourceSecond: number('inspect'),
  renderPerClipSecond: number('render'),
  coresPerMachine: number('cores'),
  bootSeconds: 180,
  neverComesUp: 0.01,
  silentPerHour: 0.002,
};
const shape = { hours: 24, shortestMinutes: 10, longestMinutes: 120, clipsPerVideo: 10, clipSeconds: 40 };
const slots = 2;
const price = number('price');
/** The mean of lengths that are spread evenly over the logarithm. */
const meanMinutes = (shape.longestMinutes - shape.shortestMinutes) / Math.log(shape.longestMinutes / shape.shortestMinutes);
const cpuPerVideo = plant.inspectPerSourceSecond * meanMinutes * 60 + plant.renderPerClipSecond * shape.clipSeconds * shape.clipsPerVideo;
const videosPerMachineHour = (plant.coresPerMachine * 3600) / cpuPerVideo;

process.stdout.write(
  `A machine of ${plant.coresPerMachine} cores: ${videosPerMachineHour.toFixed(2)} videos, ${(videosPerMachineHour * meanMinutes).toFixed(0)} minutes of video an hour when it is never idle.\n\n` +
    '| machines allowed | most used | hours of video in a day | machine hours an hour of video | cost an hour of video | busy | wait, median / p95 | all clips, median / p95 | most tasks at once |\n' +
    '| --: | --: | --: | --: | --: | --: | --: | --: | --: |\n',
);
for (const machines of (values.machines ?? '').split(',').map(Number)) {
  const demand: Demand = { ...shape, peakVideosPerHour: 0.8 * machines * videosPerMachineHour };
  const limits = {
    ...fixedLimits,
    minMachines: 0,
    maxMachines: machines,
    slotsPerMachine: slots,
    maxHourlyMicros: Math.round(machines * price * 1_000_000),
    waitSeconds: 120,
    bootSeconds: 900,
    drainSeconds: 3600,
  };
  const report = simulateFleet(plant, demand, limits, Math.round(price * 1_000_000), createRandom(number('seed')));
  const perHour = report.paidMachineHours / report.videoHours;
  const minutes = ({ median, p95 }: { median: number; p95: number }) => `${(median / 60).toFixed(1)} / ${(p95 / 60).toFixed(1)} min`;
  const cells = [
    machines,
    report.mostMachines,
    report.videoHours.toFixed(0),
    perHour.toFixed(3),
    (perHour * price).toFixed(4),
    `${(report.busyShare * 100).toFixed(0)} %`,
    minutes(report.waitSeconds),
    minutes(report.doneSeconds),
    report.mostRunning,
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
