import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { dataMap as german } from '../../console/src/messages/dataMap.de.ts';
import { columnData } from './core/dataMap.ts';
import { dataMap } from './dataMap.ts';
import { buildProcessingRecord, writeProcessingRecord } from './privacy/processingRecord.ts';
import { publishDataMap } from './privacy/publishDataMap.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** `child` binds fields that stand in every line after it. */
const levels = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'child']);

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(root, folder, name));
}

/** The fields that one file writes into the log; what cannot be read off the text is answered as a sentence. */
function logFieldsOf(path: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isCallExpression(node) && isLogCall(node.expression)) {
      const [first] = node.arguments;
      if (first !== undefined && ts.isObjectLiteralExpression(first)) {
        found.push(...first.properties.map((property) => property.name?.getText() ?? `${property.getText()} of ${path}`));
      } else if (first !== undefined && !ts.isStringLiteral(first) && !ts.isNoSubstitutionTemplateLiteral(first)) {
        found.push(`${first.getText()} of ${path}`);
      }
    }
    // What every line of a log begins with: `pino({ base: { … } })`.
    if (
      ts.isPropertyAssignment(node) &&
      node.name.getText() === 'base' &&
      ts.isObjectLiteralExpression(node.initializer) &&
      isPinoOption(node)
    ) {
      found.push(...node.initializer.properties.map((property) => property.name?.getText() ?? `${property.getText()} of ${path}`));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

const isPinoOption = ({ parent }: ts.Node) => ts.isCallExpression(parent.parent) && parent.parent.expression.getText() === 'pino';

function isLogCall(called: ts.Expression): boolean {
  if (ts.isPropertyAccessExpression(called)) {
    return levels.has(called.name.text) && /(^|\.)log$/.test(called.expression.getText());
  }
  return ts.isElementAccessExpression(called) && /(^|\.)log$/.test(called.expression.getText());
}

describe('the data map (C1, G1)', () => {
  test('names every field of every log line', () => {
    const fieldsOf = (folder: string) => sourceFiles(folder).flatMap((path) => logFieldsOf(path, readFileSync(path, 'utf8')));
    const ofAgent = fieldsOf('gpu-agent/src');
    expect(ofAgent, 'the agent’s are read too').toEqual(
      expect.arrayContaining(['agent', 'encoder', 'model', 'graceSeconds', 'soundSeconds', 'taskId']),
    );
    const written = [...fieldsOf('server/src'), ...ofAgent];
    expect(written.length).toBeGreaterThan(80);
    const undeclared = [...new Set(written)].filter((name) => !(name in dataMap.logFields));
    expect(undeclared, 'Name these fields in server/src/logFields.ts, or log something that says less').toEqual([]);
    const unused = Object.keys(dataMap.logFields).filter((name) => !written.includes(name));
    expect(unused, 'Nothing logs these fields any more').toEqual([]);
  });

  test('finds fields in every form in which they can be logged', () => {
    const text =
      "deps.log.warn({ email, to: x }, 'a'); log[isBad ? 'warn' : 'error']({ name: 1 }, 'b'); log.info({ ...all }); log.info(thing);";
    const agents =
      "context.log.info({ fileName: task.fileName }, 'c'); this.log.debug({ args }, 'd'); agent.log.error('e'); deps.log.child({ title }); pino({ base: { host: 1 } });";
    expect(logFieldsOf('a.ts', agents)).toEqual(['fileName', 'args', 'title', 'host']);
    expect(logFieldsOf('a.ts', text)).toEqual(['email', 'to', 'name', '...all of a.ts', 'thing of a.ts']);
  });

  test('has each table once, and every sealed column says how it opens or is kept back', () => {
    const names = dataMap.tables.map((table) => table.name);
    expect(new Set(names).size).toBe(names.length);
    for (const table of dataMap.tables) {
      for (const [name, declaration] of Object.entries(table.columns)) {
        const { class: dataClass, sealed } = columnData(table, declaration);
        if (name.endsWith('_sealed') && dataClass !== 'credential' && dataClass !== 'derived') {
          expect(sealed, `${table.name}.${name}`).toBeDefined();
          expect(table.columns).toHaveProperty(sealed?.by ?? 'id');
        }
      }
      for (const { column } of table.subjects) {
        expect(table.columns, table.name).toHaveProperty(column);
      }
    }
  });

  test('publishes no secret as exported, and everything that somebody uploaded or wrote', () => {
    const { tables } = publishDataMap(dataMap);
    const columns = tables.flatMap((table) => table.columns.map((each) => ({ ...each, id: `${table.name}.${each.name}` })));
    const exported = columns.filter((each) => each.isExported).map((each) => each.id);
    expect(exported).toContain('users.email');
    expect(exported).toContain('videos.title_sealed');
    expect(exported).not.toContain('users.password_hash');
    expect(exported).not.toContain('invitations.email');
    expect(
      columns
        .filter((each) => /hash|password|secret/.test(each.name) && each.class !== 'credential')
        .map((each) => each.id)
        .sort(),
    ).toEqual(['audit_chain.hash', 'idempotency_keys.request_hash', 'renditions.spec_hash']);
  });

  test('makes a record of processing with basis, recipients and time of every purpose', () => {
    const record = buildProcessingRecord(dataMap, { installation: 'A <b>', address: 'https://x.test', madeAt: '2026-11-27T00:00:00.000Z' });
    expect(record.activities.length).toBeGreaterThan(6);
    for (const activity of record.activities) {
      expect(activity.legalBasis).toMatch(/^Article 6/);
      expect(activity.retention.length).toBeGreaterThan(0);
      expect(activity.subjects.length).toBeGreaterThan(0);
    }
    const page = writeProcessingRecord(record);
    expect(page).toContain('A &lt;b&gt;');
    expect(page).not.toContain('<b>');
  });
});

test('the console has German words for every table, kind of file, field of the log and term of the data map', () => {
  const map = publishDataMap(dataMap);
  const said: (readonly [part: keyof typeof german, name: string, text: string])[] = [
    ...map.tables.map(({ name, about }) => ['tables', name, about] as const),
    ...map.objects.map(({ kind, about }) => ['objects', kind, about] as const),
    ...map.logFields.map(({ name, about }) => ['logFields', name, about] as const),
    ...Object.entries(map.purposes).map(([name, { text }]) => ['purposes', name, text] as const),
    ...(['classes', 'legalBases', 'retentions', 'recipients'] as const).flatMap((part) =>
      Object.entries(map[part]).map(([name, text]) => [part, name, text] as const),
    ),
  ];
  expect(said.length).toBeGreaterThan(200);
  // One word that is the same in both languages is no sentence.
  const left = said.filter(([part, name, text]) => text.includes(' ') && german[part](name, text) === text);
  expect(left, 'Add them to console/src/messages/dataMap.de.ts').toEqual([]);
});

describe('what is counted (C3)', () => {
  const counted = dataMap.tables.flatMap((table) =>
    Object.entries(table.columns)
      .filter(([, declaration]) => columnData(table, declaration).class === 'count')
      .map(([column]) => ({ table, name: `${table.name}.${column}` })),
  );

  test('C3: of a person nothing is counted but the encodes of the day, until they are anonymous, and the size of what they asked for', () => {
    const ofPeople = counted.filter(({ table }) => table.subjects.some(({ of }) => of === 'person'));
    expect(ofPeople.map(({ name }) => name)).toEqual(expect.arrayContaining(['encoding_reports.score', 'data_archives.size_bytes']));
    const others = ofPeople.filter(({ table: { purpose, retention } }) => {
      const isAsked = purpose === 'rights' || purpose === 'deletion';
      return !isAsked && !(purpose === 'statistics' && retention === 'day');
    });
    expect(
      others.map(({ name }) => name),
      'These count what a person does',
    ).toEqual([]);
  });

  test('C3: what is counted of use is minutes, formats and features, and it is counted of workspaces', () => {
    const use = counted.filter(({ table }) => table.purpose === 'billing' && table.subjects.length > 0);
    expect(use.map(({ name }) => name)).toEqual(expect.arrayContaining(['usage_months.used_seconds', 'engine_usage.calls']));
    expect(use.filter(({ table }) => table.subjects.some(({ of }) => of !== 'workspace')).map(({ name }) => name)).toEqual([]);
  });
});
