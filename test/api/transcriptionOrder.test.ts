/** Which engine hears speech, in which order, and what happens when one cannot. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

describe('transcription in the order of the switchboard', () => {
  let server: Server;
  let url = '';
  let status = 402;
  const keyterms: string[][] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      keyterms.push(new URL(request.url ?? '', 'http://x').searchParams.getAll('keyterm'));
      request.resume();
      request.on('end', () => {
        response.writeHead(status, { 'content-type': 'application/json' });
        const words = [{ word: 'hello', punctuated_word: 'Hello.', start: 1, end: 2, confidence: 0.5, speaker: 0 }];
        response.end(
          JSON.stringify(
            status === 200
              ? { metadata: { request_id: 'req-7', duration: 60 }, results: { channels: [{ alternatives: [{ words }] }] } }
              : { err_code: 'ASR_PAYMENT_REQUIRED', err_msg: 'No credits.' },
          ),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('out of credit: the agent hears it; with credit: Deepgram, with the glossary’s terms, and the sound is gone at once (A4)', async () => {
    status = 402;
    const other = await startInstance({
      env: {
        CARMIC_DEEPGRAM_KEY: 'k',
        CARMIC_DEEPGRAM_URL: url,
        CARMIC_TRANSCRIPTION_ENGINES: 'deepgram,local',
        CARMIC_ENGINE_PRICES: 'deepgram=0.6/hour',
      },
    });
    try {
      const owner = await other.createCaller();
      const worker = await enrolAgent(other, ['inspect', 'transcribe', 'render']);
      await owner.call('createTerm', { body: { term: 'Zeebrugge' } });
      const board = await owner.call('getSwitchboard');
      expect(board.switches[0]).toMatchObject({ kind: 'transcription', order: ['deepgram', 'local'], decidedBy: 'environment' });
      await expect(owner.call('updateWorkspaceEngines', { params: { kind: 'transcription' }, body: { order: [] } })).rejects.toMatchObject({
        message: expect.stringContaining('CARMIC_TRANSCRIPTION_ENGINES'),
      });
      const first = await uploadVideo(owner.call, other.baseUrl, Buffer.from('one'));
      await worker.finish(await until('the inspection', () => worker.lease(['inspect'], 5)));
      const lease = await until('the agent to be asked', () => worker.lease(['transcribe'], 5));
      expect(lease.spec).toMatchObject({ kind: 'transcribe', keyTerms: ['Zeebrugge'] });
      await worker.finish(lease);
      await until('the words', async () =>
        (await owner.call('getVideo', { params: { id: first.id } })).stages[2]?.state === 'done' ? true : null,
      );
      expect((await owner.call('getVideo', { params: { id: first.id } })).notices.join()).toContain('Deepgram could not be used');
      status = 200;
      const second = await uploadVideo(owner.call, other.baseUrl, Buffer.from('two'));
      for (let found = await worker.lease(['inspect'], 5); found !== null; found = await worker.lease(['inspect'], 1)) {
        await worker.finish(found);
      }
      const transcript = await until('the transcript', () => owner.call('getTranscript', { params: { id: second.id } }).catch(() => null));
      expect(transcript.engine).toContain('req-7');
      expect(transcript.words).toEqual([{ text: 'Hello.', startSeconds: 1, endSeconds: 2, confidence: 0.5, speaker: 'Speaker 1' }]);
      expect(keyterms.at(-1)).toEqual(['Zeebrugge']);
      const { db } = other.server.deps;
      const audio = await db.asSystem((tx) =>
        db.rows(tx, "SELECT 1 FROM stored_objects WHERE video_id = :id AND kind = 'audio' AND state = 'ready'", { id: second.id }),
      );
      expect(audio).toEqual([]);
      // Usage is written after the words are there.
      const usage = await until('the calls to be counted', async () => {
        const { usage: rows } = await owner.call('getSwitchboard');
        return rows.some((row) => row.engine === 'deepgram' && row.calls === 2) ? rows : null;
      });
      expect(usage).toContainEqual({
        kind: 'transcription',
        engine: 'deepgram',
        calls: 2,
        failedCalls: 1,
        seconds: 60,
        characters: 0,
        cost: 0.01,
      });
      expect(usage).toContainEqual({
        kind: 'transcription',
        engine: 'local',
        calls: 1,
        failedCalls: 0,
        seconds: 60,
        characters: 0,
        cost: null,
      });
    } finally {
      await other.stop();
    }
  });
});
