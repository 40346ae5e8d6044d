import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { judgeText } from './policy.ts';

/**
 * `npm run --silent moderate -- IN.json OUT.json`: judges texts from a file with the code the product runs, to measure it. IN is
 * `[{id, text}]`, OUT `[{id, flag, score, category}]`.
 */
const itemsSchema = z.array(z.object({ id: z.union([z.string(), z.number()]), text: z.string() }));

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined) {
  process.stderr.write('Usage: npm run --silent moderate -- IN.json OUT.json\n');
  process.exit(2);
}
const items = itemsSchema.parse(JSON.parse(readFileSync(input, 'utf8')));
const verdicts = items.map(({ id, text }) => {
  const { isFlagged, score, category } = judgeText(text);
  return { id, flag: isFlagged, score: Math.round(score * 10_000) / 10_000, category };
});
writeFileSync(output, JSON.stringify(verdicts));
