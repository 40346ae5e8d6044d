/** Nobody is called whom the register does not name: read off the code, so that a new address cannot slip in. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { createLog } from '../core/log.ts';
import { createEgress } from './egress.ts';
import { register } from './register.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folders = ['server/src', 'server/contract/src', 'gpu-agent/src', 'captions/src', 'console/src', 'start'];
const registered = new Set(register.flatMap(({ hosts }) => hosts));
/** Hosts that stand in texts and are called by nobody. */
const shown = /(^|\.)(example|test|invalid|localhost)(\.(com|org|net))?$|^(localhost|127\.0\.0\.1|\d+\.\d+\.\d+\.\d+|\[.*)$/;
/** Files that may open connections, and to whom. */
const doors: Readonly<Record<string, string>> = {
  'server/src/egress/egress.ts': 'the way out',
  'server/src/egress/publicFetch.ts': 'addresses of customers, checked',
  'server/src/accounts/signOn/openId.ts': 'the identity provider that an administrator set',
  'server/src/storage/s3/s3Client.ts': 'the object storage that the operator set',
  'server/src/admin/overview/readCertificate.ts': 'this installation itself, to look at its certificate',
  'server/src/operate/checks/certificate.ts': 'this installation itself, to look at its certificate',
  'server/src/mail/transport.ts': 'the mail server that the operator set',
};

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !/\.test\.ts$/.test(name))
    .map((name) => join(folder, name));
}

/** Hosts of addresses in the strings of a file; comments are none. */
function hostsIn(text: string): string[] {
  const hosts: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) {
      hosts.push(
        ...[...node.text.matchAll(/\b(?:https?|wss?):\/\/([^\s/:?#'"<>]+)/g)].map(([, host = '']) =>
          host.toLowerCase().replace(/\.+$/, ''),
        ),
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true));
  return hosts.filter((host) => host.includes('.') && !shown.test(host));
}

/** Hosts that are names of documents, never called. */
const documents = new Set(register.flatMap(({ contractUrl }) => (contractUrl === null ? [] : [new URL(contractUrl).host])));

describe('third parties (T1, T2)', () => {
  test('every host that stands in the code belongs to an entry of the register', () => {
    const found = folders.flatMap((folder) =>
      filesOf(folder).flatMap((path) => hostsIn(readFileSync(join(root, path), 'utf8')).map((host) => ({ path, host }))),
    );
    expect(found.length).toBeGreaterThan(3);
    const strange = found.filter(
      ({ path, host }) => !registered.has(host) && !(path.endsWith('egress/register.ts') && documents.has(host)) && !known.has(host),
    );
    expect(strange, 'Name the host in server/src/egress/register.ts, with purpose, data and region').toEqual([]);
  });

  test('finds an address in a string and in a template, and not in a comment', () => {
    expect(
      hostsIn('// https://a.io/x\nconst a = "https://evil.io/v1"; const b = `${x}https://worse.io/${y}`; const c = "http://127.0.0.1:1";'),
    ).toEqual(['evil.io', 'worse.io']);
  });

  test('no file of the server opens a connection but the few that are made for it', () => {
    const opens = (text: string) =>
      /(?<![.\w])fetch\(/.test(text) ||
      [...text.matchAll(/import \{([^}]*)\} from '(?:node:(?:http|https|net|tls|dgram)|undici)'/g)].some(([, names = '']) =>
        /(?<!type )\b(request|connect|createConnection|get|Socket|Agent|fetch)\b/.test(names),
      );
    // A function that is handed a `fetch` calls that one.
    const isHanded = (text: string) => /\bfetch: (typeof )?globalThis\.fetch|[({,] ?fetch[,)} :]/.test(text);
    const strange = filesOf('server/src').filter((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return opens(text) && doors[path] === undefined && !isHanded(text);
    });
    expect(strange, 'Call third parties by deps.egress.fetchFor').toEqual([]);
  });

  test('one that is not in the register is not even opened', () => {
    expect(() => createEgress([{ name: 'newcomer', baseUrl: 'https://newcomer.example' }], createLog({ level: 'silent' }))).toThrow(
      /not in the register/,
    );
  });

  test('the register says of everybody what they are for, in both languages', () => {
    expect(new Set(register.map(({ party }) => party)).size).toBe(register.length);
    for (const entry of register) {
      for (const text of [entry.purpose.en, entry.purpose.de, entry.data.en, entry.data.de, entry.region, entry.transfer]) {
        expect(text.length, entry.party).toBeGreaterThan(8);
      }
    }
  });
});

/** Hosts in the name of a form of XML, and in advice to people; nobody is called there. */
const known = new Set<string>(['www.w3.org', 'json-schema.org', 's3.amazonaws.com', 'bucket.host', 'ffmpeg.org', 'nodejs.org']);
