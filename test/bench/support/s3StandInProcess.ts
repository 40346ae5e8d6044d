/**
 * A program that speaks as much of S3's protocol as a deletion needs, and counts: a bucket without versions in which every video has so many
 * objects until they are deleted. It prints its port; `GET /counts` answers what was asked of it and begins anew.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

const perVideo = Number(process.argv[2] ?? '50');

let left = new Map<string, number>();
let counts = { deleteCalls: 0, keys: 0, lists: 0, puts: 0 };

const videoOf = (key: string) => key.split('/')[3] ?? '';

function list(prefix: string): string {
  const entries = Array.from(
    { length: left.get(videoOf(prefix)) ?? perVideo },
    () => `<Contents><Key>${prefix}source</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>`,
  );
  return `<ListBucketResult>${entries.join('')}</ListBucketResult>`;
}

function remove(body: string): string {
  counts.deleteCalls += 1;
  for (const [, key = ''] of body.matchAll(/<Key>([^<]+)<\/Key>/g)) {
    counts.keys += 1;
    left.set(videoOf(key), (left.get(videoOf(key)) ?? perVideo) - 1);
  }
  return '<DeleteResult></DeleteResult>';
}

async function answer(request: IncomingMessage): Promise<string> {
  const body = Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/counts') {
    const said = JSON.stringify(counts);
    counts = { deleteCalls: 0, keys: 0, lists: 0, puts: 0 };
    left = new Map();
    return said;
  }
  if (searchParams.has('versioning')) {
    return '<VersioningConfiguration></VersioningConfiguration>';
  }
  if (searchParams.has('uploads')) {
    return '<ListMultipartUploadsResult></ListMultipartUploadsResult>';
  }
  if (searchParams.has('delete')) {
    return remove(body);
  }
  if (request.method === 'PUT') {
    counts.puts += 1;
    return '';
  }
  counts.lists += 1;
  return list(searchParams.get('prefix') ?? '');
}

const server = createServer((request, response) => {
  answer(request).then(
    (text) => response.end(text),
    () => response.destroy(),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
// Whoever has started it is gone: so is this.
process.stdin.on('end', () => process.exit(0)).resume();
