import { describe, expect, test } from 'vitest';
import { describeFault, faultSchema, logFault } from './errorReports.ts';

class QuotaError extends Error {
  override readonly name = 'QuotaError';
}

describe('what may be said of a fault (C4)', () => {
  test('is its kind, its code and its places', () => {
    const fault = describeFault(Object.assign(new QuotaError('Ada has 3 GB'), { code: 'ECONNREFUSED' }));
    expect(fault).toMatchObject({ type: 'QuotaError', code: 'ECONNREFUSED' });
    expect(fault.frames[0]).toMatchObject({ file: 'server/contract/src/errorReports.test.ts' });
    expect(faultSchema.parse(fault)).toEqual(fault);
  });

  test('is nothing of a message, also of one that looks like places in a program', () => {
    const message = 'a\n    at ada (/x/server/src/ada.ts:1:2)\n    at eve (file:///y/gpu-agent/src/eve.ts:3:4)';
    const both = [
      new Error(message),
      Object.assign(new Error('x'), { stack: `Error: other\nada@example.org\n${new Error('y').stack ?? ''}` }),
    ];
    for (const error of both) {
      expect(JSON.stringify(describeFault(error))).not.toMatch(/ada|eve/);
    }
    const changed = new Error('first ada');
    changed.message = 'then eve';
    expect(JSON.stringify(describeFault(changed))).not.toMatch(/ada|eve/);
  });

  test('is nothing of an odd name, an odd code, another folder or the query of an address', () => {
    const odd = Object.assign(new Error('x'), { name: 'Ada Lovelace', code: 'ada@example.org' });
    expect(describeFault(odd)).toMatchObject({ type: 'Error', code: null });
    odd.stack = [
      'Error: x',
      '    at load (https://clips.example/assets/index-Ab12.js?token=secret:1:20)',
      '    at ada (/home/ada/notes.ts:1:1)',
      "    at Object.<anonymous> [as ada's] (/work/server/src/main.ts:7:9)",
    ].join('\n');
    const { frames } = describeFault(odd);
    expect(frames.map(({ file }) => file)).toEqual(['assets/index-Ab12.js', 'server/src/main.ts']);
    expect(JSON.stringify(frames)).not.toMatch(/ada|secret|clips/);
  });

  test('is the same in a log, with the faults behind it', () => {
    const error = new Error('of ada', { cause: Object.assign(new TypeError('of eve'), { code: '42P01', sql: "SELECT 'eve'" }) });
    const line = JSON.stringify(logFault(error));
    expect(line).toContain('"type":"TypeError","code":"42P01"');
    expect(line).not.toMatch(/ada|eve|SELECT/);
    expect(describeFault('ada')).toEqual({ type: 'Error', code: null, frames: [] });
  });
});
