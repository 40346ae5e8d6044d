import { describe, expect, it } from 'vitest';
import { routes } from '@carmic/contract';
import { createMatcher } from './matchRoute.ts';

const match = createMatcher([
  { name: 'list', method: 'GET', path: '/api/videos' },
  { name: 'add', method: 'POST', path: '/api/videos' },
  { name: 'one', method: 'GET', path: '/api/videos/:id' },
  { name: 'latest', method: 'GET', path: '/api/videos/latest' },
  { name: 'end', method: 'DELETE', path: '/api/videos/:id' },
  { name: 'word', method: 'PUT', path: '/api/videos/:id/words/:at' },
]);

describe('the matcher of routes', () => {
  it('tells methods apart', () => {
    expect(match('GET', '/api/videos')).toEqual({ name: 'list', params: {} });
    expect(match('POST', '/api/videos')).toEqual({ name: 'add', params: {} });
    expect(match('PUT', '/api/videos')).toBeNull();
  });

  it('means a fixed part before a parameter, and the parameter where the fixed part leads nowhere', () => {
    expect(match('GET', '/api/videos/latest')).toEqual({ name: 'latest', params: {} });
    expect(match('DELETE', '/api/videos/latest')).toEqual({ name: 'end', params: { id: 'latest' } });
  });

  it('reads several parameters and their encoding, and knows no route for a broken one', () => {
    expect(match('PUT', '/api/videos/a%2Fb/words/7')).toEqual({ name: 'word', params: { id: 'a/b', at: '7' } });
    expect(match('GET', '/api/videos/%E0%A4%A')).toBeNull();
    expect(match('GET', `/api/videos/${'a'.repeat(501)}`)).toBeNull();
  });

  it.each(['', '/', '//', '/api', '/api//videos', '/api/videos//', '/api/videos/7/words', '/API/videos', '/api/videos/7/words/8/9'])(
    'knows no route for "%s"',
    (path) => {
      expect(match('GET', path)).toBeNull();
    },
  );

  it('takes a slash at the end', () => {
    expect(match('GET', '/api/videos/')?.name).toBe('list');
  });

  it('refuses two routes of one method and path', () => {
    expect(() =>
      createMatcher([
        { name: 'a', method: 'GET', path: '/x/:id' },
        { name: 'b', method: 'GET', path: '/x/:name' },
      ]),
    ).toThrow(/already declared/);
  });

  it('finds every route of the table by its own path', () => {
    const all = Object.entries(routes).map(([name, { method, path }]) => ({ name, method, path }));
    const find = createMatcher(all);
    for (const { name, method, path } of all) {
      expect(find(method, path.replace(/:\w+/g, '11111111-1111-4111-8111-111111111111'))?.name).toBe(name);
    }
  });
});
