/** `npm run verify-receipt -- FILE [--keys FILE]`: checks a deletion receipt without a network. Ends with 0 when it is genuine. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Verdict, verifyReceipt } from './verifyReceipt.ts';

const usage = `Usage: npm run verify-receipt -- RECEIPT.json [--keys carmic-receipt-keys.json]

The keys are published by the installation at /.well-known/carmic-receipt-keys.json; fetch them once from the operator you trust. Without
them the receipt is checked against the key it carries, and you compare the key's id yourself.
`;

function describeBody(body: Verdict['body']): string[] {
  const { erasureId, scope, subject, requestedAt, finishedAt, keys, items } = body as Record<string, unknown>;
  const hashes = (keys as { sha256?: unknown[] } | undefined)?.sha256;
  return [
    `erasure    ${String(erasureId)}`,
    ...(scope === undefined ? [] : [`scope      ${String(scope)}`]),
    ...(subject === undefined ? [] : [`subject    ${(subject as { kind: string }).kind} ${(subject as { id: string }).id}`]),
    `requested  ${String(requestedAt)}`,
    `finished   ${String(finishedAt)}`,
    ...(hashes === undefined ? [] : [`objects    ${hashes.length}`]),
    ...(Array.isArray(items) ? [`items      ${items.length}`] : []),
  ];
}

function run(): number {
  const { values, positionals } = parseArgs({ options: { keys: { type: 'string' } }, allowPositionals: true });
  const [path] = positionals;
  if (path === undefined || positionals.length !== 1) {
    process.stderr.write(usage);
    return 64;
  }
  const verdict = verifyReceipt(readFileSync(path, 'utf8'), values.keys === undefined ? null : readFileSync(values.keys, 'utf8'));
  const lines = [
    `${verdict.isValid ? 'GENUINE' : 'NOT GENUINE'}: ${verdict.reason}`,
    `key        ${verdict.keyId}${verdict.isKnownKey === true ? ' (published)' : verdict.isKnownKey === null ? ' (compare it with the published one)' : ''}`,
    ...describeBody(verdict.body),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return verdict.isValid ? 0 : 1;
}

try {
  process.exitCode = run();
} catch (error) {
  process.stderr.write(`This is no readable receipt: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}\n`);
  process.exitCode = 65;
}
