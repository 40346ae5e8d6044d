import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonicalJson.ts';

describe('canonical JSON (RFC 8785)', () => {
  test('sorts names by UTF-16 code units, whatever order they came in', () => {
    // The order of RFC 8785, section 3.2.3: the emoji's surrogates come before U+FB33.
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.keys(JSON.parse(canonicalJson(value)) as object)).toEqual([
      '1',
      '\r',
      '\u0080',
      '\u00f6',
      '\u20ac',
      '\ud83d\ude00',
      '\ufb33',
    ]);
    expect(canonicalJson({ b: [true, null, { d: 1, c: 'x' }], a: -2 })).toBe('{"a":-2,"b":[true,null,{"c":"x","d":1}]}');
  });
  test('escapes strings as ECMAScript does and leaves the rest as it is', () => {
    expect(canonicalJson('\u20ac$\u000f\nA\'B"\\/')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\/"');
  });
  test('refuses what has no single form', () => {
    expect(() => canonicalJson(0.1)).toThrow(TypeError);
    expect(() => canonicalJson(2 ** 53)).toThrow(TypeError);
    expect(() => canonicalJson('\ud800')).toThrow(TypeError);
  });
});
