/** What strangers find without an account: where weaknesses are reported (RFC 9116), and the reference of the API. */
import { routes } from '@carmic/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await startInstance({ processes: ['web'], env: { CARMIC_SECURITY_CONTACT: 'mailto:security@example.org' } });
});
afterAll(() => instance.stop());

const get = (path: string) => fetch(new URL(path, instance.baseUrl));

test('security.txt names a contact, ends within a year, and says where it stands', async () => {
  const response = await get('/.well-known/security.txt');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const fields = (await response.text())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^([A-Za-z-]+): (\S.*)$/.exec(line)?.slice(1) ?? [line, '']);
  const valuesOf = (name: string) => fields.flatMap(([field, value]) => (field === name ? [value] : []));
  expect(fields.every(([, value]) => value !== '')).toBe(true);
  expect(valuesOf('Contact')).toEqual(['mailto:security@example.org']);
  const [expires = '', ...more] = valuesOf('Expires');
  expect(more).toEqual([]);
  const days = (Date.parse(expires) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(1);
  expect(days).toBeLessThanOrEqual(366);
  expect(valuesOf('Canonical')[0]).toMatch(/^https?:\/\/.+\/\.well-known\/security\.txt$/);
});

test('the reference is OpenAPI 3.1 with every route, and a page that runs nothing', async () => {
  const document = (await (await get('/openapi.json')).json()) as { openapi: string; paths: Record<string, Record<string, unknown>> };
  expect(document.openapi).toMatch(/^3\.1\./);
  const missing = Object.entries(routes).filter(
    ([, { path, method }]) => document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()] === undefined,
  );
  expect(missing.map(([name]) => name)).toEqual([]);
  const page = await get('/docs');
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const text = await page.text();
  expect(text).not.toMatch(/<script|\son\w+=/i);
  expect(text).toContain('/api/v1/videos');
});
