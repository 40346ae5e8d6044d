/**
 * `npx tsx scripts/dumpAgentProtocol.ts 0.1.0`: writes what an agent of a release understands to test/fixtures/releases, once, when it is released;
 * the servers of later releases are held against it (test/api/formerAgents.test.ts).
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { announceReplySchema, leaseReplySchema, registerReplySchema, renewReplySchema } from '@carmic/contract';
import { z } from 'zod';

const version = process.argv[2] ?? '';
if (!/^\d+\.\d+\.\d+$/.test(version)) {
  throw new Error('Name the release, such as 0.1.0.');
}
const path = join(fileURLToPath(new URL('../test/fixtures/releases/', import.meta.url)), `agent-${version}.json`);
if (existsSync(path)) {
  throw new Error(`${path} is there: what was released does not change.`);
}
// As an agent reads them: what it does not know is left out, what it needs must be there.
const replies = Object.fromEntries(
  Object.entries({ register: registerReplySchema, announce: announceReplySchema, lease: leaseReplySchema, renew: renewReplySchema }).map(
    ([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input' })],
  ),
);
writeFileSync(path, `${JSON.stringify({ version, replies }, null, 1)}\n`);
