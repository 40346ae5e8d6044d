import { describe, expect, test } from 'vitest';
import { describeError } from './describeError.ts';

describe('an error in the log', () => {
  test('keeps its kind, code and frames, and loses what it quotes', () => {
    const planted = Object.assign(new Error('duplicate key "jane@private.example"\n    at a line of what somebody wrote'), {
      code: '23505',
      constraint: 'users_email',
      detail: 'Key (email)=(jane@private.example) already exists.',
      sql: "INSERT INTO users VALUES ('Jane')",
      parameters: ['Jane'],
    });
    const { stack, ...rest } = describeError(planted);
    expect(rest).toEqual({
      type: 'Error',
      message: 'duplicate key …\n    at a line of what somebody wrote',
      code: '23505',
      constraint: 'users_email',
    });
    expect(stack).toMatch(/describeError\.test\.ts:\d+:\d+/);
    expect(stack).not.toContain('somebody');
  });

  test.each([
    ['550 <jane@private.example> unknown', '550 …unknown'],
    ["ENOENT: no such file, open '/home/jane/a film.mp4'", 'ENOENT: no such file, open …'],
    ['connect ECONNREFUSED 198.51.100.7:5432', 'connect ECONNREFUSED …:5432'],
    ['connect ECONNREFUSED 2001:db8::7:5432', 'connect ECONNREFUSED …'],
    ['Key (email)=(Jane Doe) is there', 'Key (email)=(…) is there'],
    ['GET https://here.example/sign-in?token=abc failed', 'GET https://here.example/sign-in?… failed'],
    ['an open "quote', 'an open …'],
    ['the root key is missing', 'the root key is missing'],
  ])('of “%s” says “%s”', (message, written) => {
    expect(describeError(new Error(message)).message.replace(/…\s+unknown/, '…unknown')).toBe(written);
  });

  test('describes causes, the database’s own error, and what is no error', () => {
    const inner = Object.assign(new TypeError('inner'), { code: 'E1' });
    const outer = Object.assign(new Error('outer', { cause: new Error('unused') }), { original: inner });
    expect(describeError(outer).cause).toMatchObject({ type: 'TypeError', code: 'E1' });
    expect(describeError('jane@private.example')).toEqual({ type: 'string', message: '', stack: '' });
    const circle = new Error('round');
    circle.cause = circle;
    expect(describeError(circle).cause).toBeUndefined();
  });
});
