/** `npm run bench -- NAME`: measures one thing and ends with a line of JSON. */
import { benchRender } from './render.ts';
import { benchRetention } from './retention.ts';

const benches: Readonly<Record<string, (options: readonly string[]) => Promise<Record<string, unknown>>>> = {
  render: benchRender,
  retention: benchRetention,
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
