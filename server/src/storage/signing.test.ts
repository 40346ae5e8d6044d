import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { keys } from './keys.ts';
import { createUrlSigner, type Grant } from './signing.ts';

const rootKey = randomBytes(32);
const key = keys.source(randomUUID(), randomUUID());
const part: Grant = { op: 'part', key, uploadId: 'ab'.repeat(16), partNumber: 3, sha256: 'cd'.repeat(32) };
const put: Grant = { op: 'put', key, contentType: 'video/mp4', maxBytes: 1000, objectId: randomUUID() };
const get: Grant = { op: 'get', key, contentType: 'video/mp4', downloadName: 'a&b=c #1?.mp4' };
const bad = expect.objectContaining({ code: 'bad_signature' }) as unknown;

let nowMs = 0;
const signer = createUrlSigner({ secret: rootKey, baseUrl: () => 'https://carmic.example/', clock: { now: () => new Date(nowMs) } });

function read(method: string, url: string): unknown {
  const { pathname, search } = new URL(url);
  try {
    return signer.read(method, pathname, search.slice(1));
  } catch (error) {
    return error;
  }
}

describe('a signed URL whose key is replaced', () => {
  const former = randomBytes(32);
  const newer = randomBytes(32);
  const start = Date.UTC(2026, 10, 24);
  const replacedAt = new Date(start + 60_000);
  let ms = start;
  const clock = { now: () => new Date(ms) };
  const columnKeys = {
    writing: () => (clock.now() < replacedAt ? { version: 1, key: former } : { version: 2, key: newer }),
    opening: (version: number) => ({ 1: former, 2: newer })[version],
    replacedAt: (version: number) => (version === 1 ? replacedAt : null),
  };
  const replaced = createUrlSigner({ secret: rootKey, columnKeys, baseUrl: () => 'https://carmic.example', clock });
  const open = (url: string) => {
    const { pathname, search } = new URL(url);
    return replaced.read('PUT', pathname, search.slice(1));
  };

  beforeEach(() => {
    ms = start;
  });

  it('works to its end, is signed by the new key from then on, and the former key opens nothing later', () => {
    const before = replaced.sign(put, 3600);
    expect(new URL(before).searchParams.has('k')).toBe(false);
    ms = start + 61_000;
    expect(open(before)).toEqual(put);
    const after = replaced.sign(put, 3600);
    expect(new URL(after).searchParams.get('k')).toBe('2');
    expect(open(after)).toEqual(put);
    // Somebody who knows the secret, as from an old backup.
    const thief = createUrlSigner({ secret: rootKey, baseUrl: () => 'https://carmic.example', clock });
    ms = start + 2 * 3_600_000;
    expect(() => open(thief.sign(put, 3600))).toThrow(bad);
    expect(open(replaced.sign(put, 3600))).toEqual(put);
  });

  it('names its version once and in one way', () => {
    ms = start + 61_000;
    const url = replaced.sign(put, 60);
    for (const changed of [
      url.replace('k=2', 'k=1'),
      url.replace('k=2', 'k=02'),
      url.replace('k=2', 'k=3'),
      `${url}&k=2`,
      url.replace('&k=2', ''),
    ]) {
      expect(() => open(changed), changed).toThrow(bad);
    }
  });

  it('lives no longer than its key would', () => {
    expect(() => replaced.sign(put, 3601)).toThrow('end early');
  });
});

describe('a signed URL', () => {
  beforeEach(() => {
    nowMs = Date.UTC(2026, 10, 24);
  });

  it('stands below the base URL', () => {
    expect(signer.sign(get, 60).startsWith(`https://carmic.example/storage/v1/${key}?`)).toBe(true);
  });

  it.each([
    ['GET', get],
    ['HEAD', get],
    ['PUT', put],
    ['PUT', part],
  ] as const)('gives back on %s what was granted', (method, grant) => {
    expect(read(method, signer.sign(grant, 60))).toEqual(grant);
  });

  it.each([
    ['PUT', get],
    ['GET', put],
    ['GET', part],
    ['DELETE', put],
    ['POST', get],
  ] as const)('grants nothing on %s when it was made for something else', (method, grant) => {
    expect(read(method, signer.sign(grant, 60))).toEqual(bad);
  });

  it('works until the second it ends', () => {
    const url = signer.sign(put, 60);
    nowMs += 59_999;
    expect(read('PUT', url)).toEqual(put);
    nowMs += 1;
    expect(read('PUT', url)).toEqual(expect.objectContaining({ code: 'expired' }));
  });

  it('is the same for a quarter of its time when it reads, and never lives longer than asked', () => {
    const first = signer.sign(get, 3600);
    const urls = new Set([first]);
    for (let minute = 0; minute < 60; minute += 1) {
      nowMs += 60_000;
      const url = signer.sign(get, 3600);
      urls.add(url);
      const leftSeconds = Number(new URL(url).searchParams.get('exp')) - nowMs / 1000;
      expect(leftSeconds).toBeLessThanOrEqual(3600);
      expect(leftSeconds).toBeGreaterThan(2699);
    }
    expect(urls.size).toBeLessThanOrEqual(5);
  });

  it('grants nothing under another root key', () => {
    const other = createUrlSigner({
      secret: randomBytes(32),
      baseUrl: () => 'https://carmic.example',
      clock: { now: () => new Date(nowMs) },
    });
    expect(read('PUT', other.sign(put, 60))).toEqual(bad);
  });

  it('grants nothing else after any character was changed, added or left out', () => {
    const granted = [get, put, part].map((grant) => ({ grant, url: signer.sign(grant, 60) }));
    const start = 'https://carmic.example/'.length;
    fc.assert(
      fc.property(
        fc.constantFrom(...granted),
        fc.nat(),
        fc.constantFrom('', 'x', '0', '&', '=', '%00', '/'),
        fc.boolean(),
        (signed, at, text, isReplaced) => {
          const { grant, url } = signed;
          const index = start + (at % (url.length - start));
          const changed = url.slice(0, index) + text + url.slice(isReplaced ? index + 1 : index);
          const answer = read(grant.op === 'get' ? 'GET' : 'PUT', changed);
          // An empty parameter or the unused bits of the signature's last character change a URL's spelling and not what it says.
          expect([bad, grant]).toContainEqual(answer);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each(['op', 'exp', 'type', 'name', 'max', 'object', 'upload', 'part', 'sha256'])('is bound to the value of %s', (name) => {
    for (const grant of [get, put, part]) {
      const url = new URL(signer.sign(grant, 60));
      const value = url.searchParams.get(name);
      if (value !== null) {
        url.searchParams.set(name, /^[0-9]+$/.test(value) ? String(Number(value) + 1) : `${value}x`);
        expect(read(grant.op === 'get' ? 'GET' : 'PUT', url.href)).toEqual(bad);
      }
    }
  });

  it('grants nothing with a parameter twice or one more', () => {
    const url = signer.sign(put, 60);
    expect(read('PUT', `${url}&max=999999`)).toEqual(bad);
    expect(read('PUT', `${url}&extra=1`)).toEqual(bad);
    expect(read('PUT', url.replace(/&sig=[^&]+/, ''))).toEqual(bad);
    expect(read('PUT', url.replace(/sig=[^&]+/, 'sig='))).toEqual(bad);
  });
});
