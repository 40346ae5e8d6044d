/**
 * The table of the chart's values for docs/kubernetes.md, from the comments in charts/carmic/values.yaml: `node scripts/chartValues.mjs` writes it
 * between the two marks there. A value without a comment of its own is told by its name; a map whose keys are free is one row.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMap, isScalar, parseDocument } from 'yaml';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const longestPreset = 70;
const marks = ['<!-- values: written by scripts/chartValues.mjs -->', '<!-- end of values -->'];

/** Every value with its default and what its comment says. */
export function listValues() {
  const rows = [];
  const visit = (map, prefix) => {
    for (const { key, value } of map.items) {
      const name = [...prefix, key.value].join('.');
      // yaml hangs the comment before a map's first key on the map itself.
      const isFirst = map.items[0].key === key;
      const comment = [key.commentBefore, isFirst ? map.commentBefore : undefined].filter((text) => text !== undefined).join('\n');
      const told = / -- ([^]*)/.exec(comment)?.[1]?.replace(/\s+/g, ' ').trim() ?? '';
      if (isMap(value) && value.items.length > 0 && !value.flow && !name.toLowerCase().endsWith('annotations')) {
        visit(value, [...prefix, key.value]);
      } else {
        const preset = JSON.stringify(isScalar(value) ? value.value : value.toJS(document));
        rows.push({ name, preset: preset.length > longestPreset ? 'see the file' : `\`${preset}\``, told });
      }
    }
  };
  const document = parseDocument(readFileSync(path('charts/carmic/values.yaml'), 'utf8'));
  visit(document.contents, []);
  return rows;
}

/** The table in Markdown. */
export function writeTable() {
  const cell = (text) => text.replaceAll('|', '\\|');
  const rows = listValues().map(({ name, preset, told }) => `| \`${name}\` | ${cell(preset)} | ${cell(told)} |`);
  return ['| value | default | what it is |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The part of docs/kubernetes.md that this writes. */
export function readTable() {
  const [, table = ''] = /<!-- values[^>]*-->\n([^]*?)<!-- end/.exec(readFileSync(path('docs/kubernetes.md'), 'utf8')) ?? [];
  return table.trim();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = readFileSync(path('docs/kubernetes.md'), 'utf8');
  const [before, rest] = text.split(`${marks[0]}\n`);
  const [, after] = rest.split(marks[1]);
  writeFileSync(path('docs/kubernetes.md'), `${before}${marks[0]}\n\n${writeTable()}\n\n${marks[1]}${after}`);
}
