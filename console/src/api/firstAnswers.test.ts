import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { routes } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { preferredLanguage } from '../state/language.svelte.ts';
import { firstPaths, takeFirstAnswer } from './firstAnswers.ts';

const script = readFileSync(new URL('../../public/start.js', import.meta.url), 'utf8');

interface Start {
  stored?: Record<string, string>;
  languages?: readonly string[];
  hash?: string;
}

/** What start.js does in a browser that has stored something, speaks languages and opens an address. */
function start({ stored = {}, languages = [], hash = '' }: Start) {
  const asked: string[] = [];
  const preloaded: string[] = [];
  const root = { dataset: {} as Record<string, string> };
  const window: { carmicFirstAnswers?: { answers: Map<string, Promise<Response>>; askedAt: number } } = {};
  runInNewContext(script, {
    window,
    location: { hash },
    navigator: { languages },
    localStorage: { getItem: (key: string) => stored[key] ?? null },
    document: {
      documentElement: root,
      currentScript: { dataset: { en: '/assets/en.js /assets/count.js', de: '/assets/de.js' } },
      createElement: () => ({}),
      head: { append: ({ href }: { href: string }) => preloaded.push(href) },
    },
    fetch: (path: string) => {
      asked.push(path);
      return Promise.resolve(Response.json({ path }));
    },
  });
  return { asked, preloaded, theme: root.dataset['theme'], left: window.carmicFirstAnswers };
}

describe('what is asked for before the program is there', () => {
  it('is the words of the language that the program will choose', () => {
    const wishes: { chosen?: string; languages: string[] }[] = [
      { languages: [] },
      { languages: ['fr-FR', 'de-AT', 'en'] },
      { languages: ['DE'] },
      { languages: ['en-GB', 'de'] },
      { chosen: 'en', languages: ['de-DE'] },
      { chosen: 'de', languages: ['en'] },
      { chosen: 'klingon', languages: ['de'] },
    ];
    for (const { chosen, languages } of wishes) {
      const { preloaded } = start({ languages, ...(chosen === undefined ? {} : { stored: { 'carmic.language': chosen } }) });
      const wanted = preferredLanguage(chosen ?? null, languages);
      expect(preloaded, JSON.stringify({ chosen, languages })).toEqual(
        wanted === 'en' ? ['/assets/en.js', '/assets/count.js'] : ['/assets/de.js'],
      );
    }
  });

  it('is who is signed in, and the videos where the library is opened; a stranger asks for neither', () => {
    const stored = { 'carmic.signed-in': 'yes' };
    const library = ['/api/v1/instance', '/api/v1/me', '/api/v1/videos?limit=24', '/api/v1/video-labels'];
    expect(start({ stored }).asked).toEqual(library);
    expect(start({ stored, hash: '#/' }).asked).toEqual(library);
    expect(start({ stored, hash: '#/account' }).asked).toEqual(['/api/v1/instance', '/api/v1/me']);
    expect(start({}).asked).toEqual(['/api/v1/instance']);
  });

  it('comes with the chosen theme, and without one where nothing was chosen', () => {
    expect(start({ stored: { 'carmic.theme': 'dark' } }).theme).toBe('dark');
    expect(start({ stored: { 'carmic.theme': 'purple' } }).theme).toBeUndefined();
    expect(start({}).theme).toBeUndefined();
  });
});

describe('a first answer', () => {
  const left = () => start({ stored: { 'carmic.signed-in': 'yes' } }).left;

  it('stands for what the contract says', () => {
    for (const [name, path] of Object.entries(firstPaths)) {
      expect(routes[name as keyof typeof routes]).toMatchObject({ method: 'GET', path });
    }
  });

  it('is handed over once, to the call that asks for just this', async () => {
    const asked = left();
    expect(await takeFirstAnswer('listVideos', { limit: 24, folder: 'Talks' }, asked)).toBeUndefined();
    expect(await takeFirstAnswer('listVideos', { limit: 24 }, asked)).toEqual({ path: '/api/v1/videos?limit=24' });
    expect(await takeFirstAnswer('listVideos', { limit: 24 }, asked)).toBeUndefined();
    expect(await takeFirstAnswer('getMe', undefined, asked)).toEqual({ path: '/api/v1/me' });
    expect(await takeFirstAnswer('listClips', undefined, asked)).toBeUndefined();
    expect(await takeFirstAnswer('getMe', undefined, undefined)).toBeUndefined();
  });

  it('is not taken when it is a refusal, no JSON, none at all, or old', async () => {
    const now = Date.now();
    const answered = (answer: Promise<Response>, askedAt = now) =>
      takeFirstAnswer('getMe', undefined, { answers: new Map([['/api/v1/me', answer]]), askedAt });
    expect(await answered(Promise.resolve(Response.json({ error: {} }, { status: 401 })))).toBeUndefined();
    expect(await answered(Promise.resolve(new Response('<html>')))).toBeUndefined();
    expect(await answered(Promise.reject(new TypeError('offline')))).toBeUndefined();
    const old = Promise.resolve(Response.json({}));
    expect(await answered(old, now - 60_000)).toBeUndefined();
    expect(await answered(Promise.resolve(Response.json({ name: 'Ada' })))).toEqual({ name: 'Ada' });
  });
});
