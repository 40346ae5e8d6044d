/** `npm run bench -- NAME`: measures one thing and ends with a line of JSON. */
import { benchAnalyze } from './analyze.ts';
import { benchApi } from './api.ts';
import { benchConsole } from './console.ts';
import { benchRender } from './render.ts';
import { benchRetention } from './retention.ts';
import { benchStorage } from './storage.ts';
import { benchS3 } from './storageS3.ts';
import { benchSignIns } from './signIns.ts';
import { benchSpeech } from './speech.ts';
import { benchTuning } from './tuning.ts';

const benches: Readonly<Record<string, (options: readonly string[]) => Promise<Record<string, unknown>>>> = {
  analyze: benchAnalyze,
  api: benchApi,
  console: benchConsole,
  render: benchRender,
  retention: benchRetention,
  storage: async () => ({ ...(await benchStorage()), ...(await benchS3()) }),
  speech: benchSpeech,
  'sign-ins': benchSignIns,
  tuning: benchTuning,
};

const [name = '', ...options] = process.argv.slice(2);
const bench = benches[name];
if (!bench) {
  process.stderr.write(`Usage: npm run bench -- ${Object.keys(benches).join('|')}\n`);
  process.exit(64);
}
const figures = await bench(options);
process.stdout.write(`${JSON.stringify({ bench: name, ...figures })}\n`);
process.exit(0);
