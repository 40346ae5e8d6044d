/**
 * Calls to addresses that a customer wrote down (webhooks). Keeps: T2. Only hosts that the operator opened; the name is resolved once,
 * every address classified (IPv4 in IPv6, NAT64 and 6to4 included), and the connection made to the checked address and no other, so that
 * a name which answers differently the second time gains nothing. Redirects are checked like first calls. Bytes and time are capped.
 */
import { lookup as resolve } from 'node:dns/promises';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isInRanges, isPublicAddress } from '../core/addresses.ts';
import { EgressRefusedError } from './egress.ts';

export interface PublicFetchRules {
  /** Hosts that may be called: names, or `*` for every public one. */
  hosts: readonly string[];
  /** Ranges that may be called although they are not public. */
  privateRanges: readonly string[];
}

export interface PublicReply {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface PublicRequest {
  method: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  timeoutMs: number;
  maxBytes: number;
  maxRedirects?: number;
}

export type PublicFetch = (url: string, request: PublicRequest) => Promise<PublicReply>;
/** Resolves a host name to all its addresses. */
export type Resolve = (host: string) => Promise<string[]>;

const resolveAll: Resolve = async (host) => (await resolve(host, { all: true, verbatim: true })).map(({ address }) => address);

/** Throws when an address may not be called. */
function requireAllowed(address: string, rules: PublicFetchRules): void {
  if (!isPublicAddress(address) && !isInRanges(address, rules.privateRanges)) {
    throw new EgressRefusedError('This address leads into a private network and is not called.');
  }
}

/** Checks an address before anything is resolved. Throws EgressRefusedError with a sentence for people. */
export function checkPublicUrl(text: string, rules: PublicFetchRules): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new EgressRefusedError('Only addresses that begin with https:// or http:// are called.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new EgressRefusedError('An address with a name and password in it is not called.');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (!rules.hosts.includes('*') && !rules.hosts.includes(host)) {
    throw new EgressRefusedError(
      rules.hosts.length === 0
        ? 'This installation calls nobody: its operator has to set CARMIC_OUTGOING_HOSTS first.'
        : 'This host is not among those that the operator of this installation opened (CARMIC_OUTGOING_HOSTS).',
    );
  }
  if (isIP(host) !== 0) {
    requireAllowed(host, rules);
  }
  return url;
}

/** Builds the way out to customers' addresses. */
export function createPublicFetch(rules: PublicFetchRules, resolveHost: Resolve = resolveAll): PublicFetch {
  const once = async (url: URL, request: PublicRequest, signal: AbortSignal): Promise<PublicReply> => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) === 0 ? await resolveHost(host) : [host];
    const address = addresses[0];
    if (address === undefined) {
      throw new EgressRefusedError('This host has no address.');
    }
    // All of them: a name that also leads inside is not trusted at all.
    for (const each of addresses) {
      requireAllowed(each, rules);
    }
    const family = isIP(address);
    const lookup: LookupFunction = (_name, options, done) => {
      if (options.all === true) {
        done(null, [{ address, family }]);
      } else {
        done(null, address, family);
      }
    };
    return send(url, request, signal, lookup);
  };
  return async (text, request) => {
    const signal = AbortSignal.timeout(request.timeoutMs);
    let url = checkPublicUrl(text, rules);
    for (let hop = 0; ; hop++) {
      const reply = await once(url, request, signal);
      const { location } = reply.headers;
      if (reply.status < 300 || reply.status > 399 || location === undefined || hop >= (request.maxRedirects ?? 0)) {
        return reply;
      }
      url = checkPublicUrl(new URL(location, url).href, rules);
    }
  };
}

function send(url: URL, request: PublicRequest, signal: AbortSignal, lookup: LookupFunction): Promise<PublicReply> {
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const call = start(url, { method: request.method, headers: request.headers ?? {}, lookup, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > request.maxBytes) {
          response.destroy(new Error('The answer is larger than is read.'));
          return;
        }
        chunks.push(chunk);
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
      response.once('error', reject);
    });
    call.once('error', reject);
    call.end(request.body);
  });
}
