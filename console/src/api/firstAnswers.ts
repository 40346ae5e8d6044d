/**
 * The first answers of the server, which public/start.js has asked for while this program was on its way. They come from the server of this very
 * page, which has checked them by the same contract: the library's first picture does not wait until that can be checked here again.
 */
import type { RouteName } from '@carmic/contract';

/** Where the answers of these routes are. */
export const firstPaths: Partial<Record<RouteName, string>> = {
  getInstance: '/api/v1/instance',
  getMe: '/api/v1/me',
  listVideos: '/api/v1/videos',
  listVideoLabels: '/api/v1/video-labels',
};

/** What is older is asked for anew: a slow start takes less. */
const freshForMs = 20_000;

/** What start.js leaves behind. */
interface Asked {
  answers: Map<string, Promise<Response>>;
  askedAt: number;
}

/**
 * Answers what a call would be told, each once; undefined where nothing was asked for, where that was long ago, or where no good answer came: the
 * caller asks then as for everything else, and meets what is wrong.
 */
export async function takeFirstAnswer(
  name: RouteName,
  query: object | undefined,
  asked = (globalThis as { carmicFirstAnswers?: Asked }).carmicFirstAnswers,
): Promise<unknown> {
  const path = firstPaths[name];
  if (path === undefined || asked === undefined) {
    return undefined;
  }
  const search = new URLSearchParams(Object.entries(query ?? {}).map(([key, value]) => [key, String(value)])).toString();
  const url = search === '' ? path : `${path}?${search}`;
  const answer = asked.answers.get(url);
  asked.answers.delete(url);
  if (answer === undefined || Date.now() - asked.askedAt > freshForMs) {
    return undefined;
  }
  try {
    const response = await answer;
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}
