/**
 * Calls to addresses that a customer wrote down (webhooks, imports of videos). Keeps: T2. Only hosts that the operator opened; the name is resolved once,
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
  /** Name of the setting that opens hosts, for the sentence that refuses; that of webhooks by default. */
  setting?: string;
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
  const setting = rules.setting ?? 'CARMIC_OUTGOING_HOSTS';
  if (!rules.hosts.includes('*') && !rules.hosts.includes(host)) {
    throw new EgressRefusedError(
      rules.hosts.length === 0
        ? `This installation calls nobody: its operator has to set ${setting} first.`
        : `This host is not among those that the operator of this installation opened (${setting}).`,
    );
  }
  if (isIP(host) !== 0) {
    requireAllowed(host, rules);
  }
  return url;
}

/** An answer whose body has not been read yet; whoever asked reads or destroys it. */
export interface PublicAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: IncomingMessage;
}

/** What `open` sends; `signal` ends the call and its body. */
export interface PublicCall extends Pick<PublicRequest, 'method' | 'headers' | 'body' | 'maxRedirects'> {
  signal: AbortSignal;
}
export type PublicOpen = (url: string, call: PublicCall) => Promise<PublicAnswer>;

/** Builds the way out to customers' addresses, for answers that are read while they come. */
export function createPublicOpen(rules: PublicFetchRules, resolveHost: Resolve = resolveAll): PublicOpen {
  const once = async (url: URL, call: PublicCall): Promise<PublicAnswer> => {
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
    return send(url, call, lookup);
  };
  return async (text, call) => {
    let url = checkPublicUrl(text, rules);
    for (let hop = 0; ; hop++) {
      const answer = await once(url, call);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined || hop >= (call.maxRedirects ?? 0)) {
        return answer;
      }
      answer.body.destroy();
      if (!URL.canParse(location, url.href)) {
        throw new EgressRefusedError('This address leads on to something that is no address.');
      }
      url = checkPublicUrl(new URL(location, url).href, rules);
    }
  };
}

/** Builds the way out to customers' addresses, for short answers. */
export function createPublicFetch(rules: PublicFetchRules, resolveHost: Resolve = resolveAll): PublicFetch {
  const open = createPublicOpen(rules, resolveHost);
  return async (text, { timeoutMs, maxBytes, ...request }) => {
    const { status, headers, body } = await open(text, { ...request, signal: AbortSignal.timeout(timeoutMs) });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new Error('The answer is larger than is read.');
      }
      chunks.push(chunk);
    }
    return { status, headers, body: Buffer.concat(chunks) };
  };
}

function send(url: URL, { method, headers, body, signal }: PublicCall, lookup: LookupFunction): Promise<PublicAnswer> {
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const call = start(url, { method, headers: headers ?? {}, lookup, signal, agent: false }, (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
    });
    call.once('error', reject);
    call.end(body);
  });
}
