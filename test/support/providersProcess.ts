/**
 * Runs a program beside stand-ins for the providers of words, each under a host name of its own (providerHosts.ts),
 * and prints a last line of JSON: how often each was asked, by the name it was asked under.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { providerHosts } from './providerHosts.ts';

const text = 'Why did the harbour close in winter? Because the ice had broken every second pier. That changed everything for our town.';
const words = text.split(' ').map((word, at) => ({
  word: word.toLowerCase().replace(/[^a-z]/g, ''),
  punctuated_word: word,
  start: 0.5 + at,
  end: 1.3 + at,
  confidence: 0.98,
  speaker: 0,
}));

/** What each answers, by its name. */
const answers: Record<keyof typeof providerHosts, (body: Record<string, unknown>) => unknown> = {
  deepgram: () => ({
    metadata: { request_id: 'r', duration: 24, channels: 1 },
    results: { channels: [{ detected_language: 'en', alternatives: [{ transcript: text, confidence: 0.9, words }] }] },
  }),
  model: ({ model }) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model,
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: '{}' } }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }),
  moderation: ({ input }) => ({
    id: 'modr-1',
    model: 'omni',
    results: [input].flat().map(() => ({ flagged: false, categories: {}, category_scores: {} })),
  }),
};

const asked: Record<string, number> = {};
const servers = await Promise.all(
  Object.entries(answers).map(async ([name, answer]) => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const host = (request.headers.host ?? '').split(':')[0] ?? '';
        asked[host] = (asked[host] ?? 0) + 1;
        const isJson = /json/.test(request.headers['content-type'] ?? '');
        const body = isJson ? (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>) : {};
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer(body)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = providerHosts[name as keyof typeof providerHosts];
    return { server, name, url: `http://${host}:${(server.address() as AddressInfo).port}` };
  }),
);
const urlOf = (wanted: string) => servers.find(({ name }) => name === wanted)?.url ?? '';

const child = spawn(process.execPath, process.argv.slice(2), {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: {
    ...process.env,
    CARMIC_DEEPGRAM_KEY: 'key',
    CARMIC_DEEPGRAM_URL: urlOf('deepgram'),
    CARMIC_LLM_URL: `${urlOf('model')}/v1`,
    CARMIC_LLM_MODEL: 'small',
    CARMIC_LLM_CLIPS: 'on',
    CARMIC_MODERATION_URL: `${urlOf('moderation')}/v1`,
  },
});
process.exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
for (const { server } of servers) {
  server.closeAllConnections();
  server.close();
}
process.stdout.write(`\n${JSON.stringify({ asked })}\n`);
