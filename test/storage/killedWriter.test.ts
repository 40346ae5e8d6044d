import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiskHarness, startDiskHarness } from './storeHarness.ts';
import { type Acknowledged, bytesOf, partBytes, partsPerUpload } from './writerProcess.ts';

const writer = join(import.meta.dirname, './writerProcess.ts');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let harness: DiskHarness;
beforeAll(async () => {
  harness = await startDiskHarness();
});
afterAll(() => harness.close());

async function read(key: string): Promise<Buffer> {
  return Buffer.concat(await (await harness.store.get(key)).stream.toArray());
}

/** Lets a writer work for a while after its first acknowledgement, kills it, and returns what it had acknowledged. */
async function writeAndKill(workMs: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', writer, harness.dataDir, harness.rootKey.toString('hex')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const facts: Acknowledged[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => facts.push(JSON.parse(line) as Acknowledged));
  await once(lines, 'line');
  await new Promise((resolve) => setTimeout(resolve, workMs));
  child.kill('SIGKILL');
  await once(child, 'close');
  return facts;
}

/** The parts that must be there, may be there, per upload: an unfinished new body for a stored part may or may not have replaced it. */
function expectedParts(facts: readonly Acknowledged[], uploadId: string) {
  const certain = new Map<number, string>();
  for (const fact of facts) {
    if (fact.kind === 'part' && fact.uploadId === uploadId) {
      certain.set(fact.partNumber, fact.seed);
    } else if (fact.kind === 'resending' && fact.uploadId === uploadId) {
      certain.delete(fact.partNumber);
    }
  }
  return certain;
}

describe('after the writing process was killed', () => {
  it.each([40, 120, 250, 400, 700])(
    '(%i ms into its work) all that was acknowledged is there and nothing half-written is',
    async (workMs) => {
      const facts = await writeAndKill(workMs);
      await harness.restart();
      const { store } = harness;
      expect(facts.length).toBeGreaterThan(0);

      const scratch = await readdir(join(harness.dataDir, 'objects', 'scratch'), { recursive: true, withFileTypes: true });
      expect(scratch.filter((entry) => entry.isFile())).toEqual([]);

      for (const fact of facts) {
        if (fact.kind === 'put') {
          expect((await read(fact.key)).equals(bytesOf(fact.key, fact.sizeBytes))).toBe(true);
        } else if (fact.kind === 'completed') {
          const parts = fact.seeds.map((seed, index) => partBytes(seed, index + 1));
          expect((await read(fact.key)).equals(Buffer.concat(parts))).toBe(true);
        }
      }
      for await (const { key } of store.list('')) {
        // Acknowledged or not, whatever can be seen is whole.
        expect((await read(key)).length).toBe((await store.head(key))?.sizeBytes);
      }

      for await (const { key, uploadId } of store.listMultipart('')) {
        const certain = expectedParts(facts, uploadId);
        const listed = await store.listParts(key, uploadId);
        for (const [partNumber, seed] of certain) {
          expect(listed).toContainEqual(expect.objectContaining({ partNumber, sha256: sha256(partBytes(seed, partNumber)) }));
        }
        await resume(key, uploadId, listed);
      }
    },
  );

  /** Sends what is missing and completes: the object must be exactly the listed parts and the new ones. */
  async function resume(key: string, uploadId: string, listed: { partNumber: number; sha256: string }[]): Promise<void> {
    const named: { partNumber: number; sha256: string }[] = [];
    for (let partNumber = 1; partNumber <= partsPerUpload; partNumber += 1) {
      const stored = listed.find((part) => part.partNumber === partNumber);
      const body = partBytes('resumed', partNumber);
      if (stored === undefined) {
        const { url } = await harness.store.presignPart(key, uploadId, { partNumber, sha256: sha256(body), expiresInSeconds: 60 });
        expect((await fetch(url, { method: 'PUT', body: new Uint8Array(body) })).status).toBe(200);
      }
      named.push({ partNumber, sha256: stored?.sha256 ?? sha256(body) });
    }
    await harness.store.completeMultipart(key, uploadId, named);
    const whole = await read(key);
    for (const [index, part] of named.entries()) {
      const start = index * partBytes('', 1).length;
      const end = start + partBytes('', index + 1).length;
      expect(sha256(whole.subarray(start, end))).toBe(part.sha256);
    }
  }
});
