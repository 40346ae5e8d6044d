import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLanguageModel } from '../languageModel/languageModel.ts';
import { askModelAboutClips } from './askModel.ts';
import type { SuggestedClip } from './suggestedClip.ts';

const clip = (title: string, excerpt: string): SuggestedClip => ({
  startSeconds: 0,
  endSeconds: 30,
  score: 60,
  scoreParts: [],
  title,
  tags: [],
  excerpt,
  boundaries: [],
});
const clips = [
  clip('The rope on the river', 'We never checked the rope. It broke on the second day of the trip.'),
  clip('Books on a staircase', 'Nobody told us why the river came up. We carried four hundred books upstairs.'),
];

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A server that speaks the chat-completions protocol and answers with the given content, or never. */
async function modelThatAnswers(answer: unknown): Promise<ReturnType<typeof createLanguageModel>> {
  const server = createServer((request, response) => {
    request.resume();
    if (answer === 'silence') {
      return;
    }
    const content = typeof answer === 'string' ? answer : JSON.stringify(answer);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return createLanguageModel({
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: undefined,
    model: 'm',
    timeoutMs: answer === 'silence' ? 200 : 5000,
    fetch,
  });
}

describe('askModelAboutClips', () => {
  it('orders and names clips when the quotes occur in them', async () => {
    const model = await modelThatAnswers({
      clips: [
        { id: 1, title: 'Saving a library from the flood', quote: 'carried four hundred books' },
        { id: 0, title: 'How a rope can fail', quote: 'It broke on the second day' },
      ],
    });
    const asked = await askModelAboutClips(model, clips);
    expect(asked.refusedBecause).toBeNull();
    expect(asked.clips.map((each) => each.title)).toEqual(['Saving a library from the flood', 'How a rope can fail']);
    expect(asked.clips[0]?.excerpt).toBe(clips[1]?.excerpt);
  });

  it('keeps the built-in title where the quote was never said, the title opens the clip, or repeats another', async () => {
    const model = await modelThatAnswers({
      clips: [
        { id: 0, title: 'You will not believe this rope', quote: 'words that nobody ever said' },
        { id: 1, title: 'Nobody told us why', quote: 'carried four hundred books' },
      ],
    });
    const asked = await askModelAboutClips(model, clips);
    expect(asked.clips.map((each) => each.title)).toEqual(clips.map((each) => each.title));
  });

  it('lets the built-in result stand when the answer leaves a clip out, is no JSON, or does not come', async () => {
    for (const answer of [
      { clips: [{ id: 0, title: 'A rope that broke', quote: 'It broke on the second' }] },
      'Sorry, I cannot.',
      'silence',
    ]) {
      const asked = await askModelAboutClips(await modelThatAnswers(answer), clips);
      expect(asked.clips).toEqual(clips);
      expect(asked.refusedBecause).toMatch(/language model/);
    }
  });
});
