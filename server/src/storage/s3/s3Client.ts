/**
 * Requests to an S3 server. Addresses (path and virtual-host style, Amazon's own hosts) and signatures are the minio client's; the
 * requests themselves are sent here, because errors, `Retry-After`, streams and time limits must be seen as the server sent them.
 */
import { createHash } from 'node:crypto';
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { Client } from 'minio';
import { presignSignatureV4, signV4 } from 'minio/dist/esm/signing.mjs';
import { readFailure, S3Failure } from './s3Failure.ts';

/** Where a bucket is and who may use it. */
export interface S3Connection {
  /** `https://host[:port]`, without the bucket. */
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  isPathStyle: boolean;
  /** Certificates of authorities that are trusted besides the usual ones, in PEM. */
  ca?: string | undefined;
  /** A connection that says nothing for this long is given up; a minute by default. */
  idleTimeoutMs?: number | undefined;
}

export interface S3Request {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Name of the object; without one the bucket is meant. */
  object?: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | { stream: Readable; sizeBytes: number };
  /** How often a request is sent again after a failure that may pass; 4 by default. */
  retries?: number;
}

export interface S3Reply {
  status: number;
  headers: IncomingHttpHeaders;
  /** Must be read to its end or destroyed. */
  body: IncomingMessage;
}

const idleTimeoutMs = 60_000;
const longestWaitMs = 20_000;
const maxTextBytes = 16 * 1024 * 1024;
const unsigned = 'UNSIGNED-PAYLOAD';

/** Opens what the minio client keeps to itself. */
class SigningClient extends Client {
  describe(request: S3Request, connection: S3Connection) {
    return this.getRequestOptions({
      method: request.method,
      bucketName: connection.bucket,
      ...(request.object === undefined ? {} : { objectName: request.object }),
      query: encodeQuery(request.query ?? {}),
      headers: { ...request.headers },
      region: connection.region,
    });
  }
}

/** A bucket on an S3 server. */
export interface S3Client {
  readonly connection: S3Connection;
  /** Sends a request and answers a reply with a 2xx status. Throws S3Failure for every other and for connections that break. */
  send(request: S3Request): Promise<S3Reply>;
  /** Sends a request and reads its reply as text. */
  sendForText(request: S3Request): Promise<{ headers: IncomingHttpHeaders; text: string }>;
  /** Sends a request as a stranger would, and answers whatever the reply is. */
  sendUnsigned(
    method: 'GET' | 'OPTIONS',
    object: string | undefined,
    headers: Record<string, string>,
  ): Promise<{ status: number; headers: IncomingHttpHeaders }>;
  /** A URL that makes this request without further proof; its headers must be sent exactly so. */
  presign(request: Omit<S3Request, 'body'>, expiresInSeconds: number, date?: Date): string;
  close(): void;
}

export function createS3Client(connection: S3Connection): S3Client {
  const url = new URL(connection.endpoint);
  const isSecure = url.protocol === 'https:';
  const agent = isSecure
    ? new HttpsAgent({
        keepAlive: true,
        maxSockets: 64,
        minVersion: 'TLSv1.3',
        ...(connection.ca === undefined ? {} : { ca: connection.ca }),
      })
    : new HttpAgent({ keepAlive: true, maxSockets: 64 });
  const signer = new SigningClient({
    endPoint: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    useSSL: isSecure,
    accessKey: connection.accessKeyId,
    secretKey: connection.secretAccessKey,
    region: connection.region,
    pathStyle: connection.isPathStyle,
  });
  const { accessKeyId, region, secretAccessKey, sessionToken } = connection;
  const send: Send = isSecure ? httpsRequest : httpRequest;

  const sendOnce = (request: S3Request): Promise<S3Reply> => {
    const date = new Date();
    const { body } = request;
    const content = body instanceof Uint8Array || body === undefined ? hashOf(body ?? new Uint8Array()) : unsigned;
    const length = body === undefined ? 0 : body instanceof Uint8Array ? body.length : body.sizeBytes;
    const options = signer.describe(request, connection);
    Object.assign(options.headers, {
      'x-amz-date': date.toISOString().replaceAll(/[-:]|\.\d{3}/g, ''),
      'x-amz-content-sha256': content,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    });
    const signed = { ...options, path: options.path } as Parameters<typeof signV4>[0];
    const authorization = signV4(signed, accessKeyId, secretAccessKey, region, date, content);
    const headers = {
      ...options.headers,
      authorization,
      ...(request.method === 'PUT' || request.method === 'POST' ? { 'content-length': String(length) } : {}),
    };
    const { host: hostname, path } = options;
    return exchange(
      send,
      { method: request.method, hostname, port: url.port, path, headers, agent, timeout: connection.idleTimeoutMs ?? idleTimeoutMs },
      body,
    );
  };

  const client: S3Client = {
    connection,
    send: (request) => again(request, () => sendOnce(request)),
    // An answer that breaks off is asked for again as a whole.
    sendForText: (request) =>
      again(request, async () => {
        const { headers, body } = await sendOnce(request);
        return { headers, text: await readText(body) };
      }),
    async sendUnsigned(method, object, headers) {
      const options = signer.describe({ method: 'GET', ...(object === undefined ? {} : { object }), headers }, connection);
      const { host: hostname, path } = options;
      try {
        const request = { method, hostname, port: url.port, path, headers: options.headers, agent };
        const { body, ...reply } = await exchange(send, request, undefined);
        body.resume();
        return reply;
      } catch (error) {
        if (error instanceof S3Failure && error.status > 0) {
          return { status: error.status, headers: {} };
        }
        throw error;
      }
    },
    presign(request, expiresInSeconds, date = new Date()) {
      const options = signer.describe(request, connection) as Parameters<typeof presignSignatureV4>[0] & {
        headers: Record<string, string>;
      };
      // The sender's own name is not part of the promise.
      delete options.headers['user-agent'];
      return presignSignatureV4(
        options,
        accessKeyId,
        secretAccessKey,
        sessionToken,
        region,
        date,
        Math.max(1, Math.floor(expiresInSeconds)),
      );
    },
    close: () => agent.destroy(),
  };
  return client;
}

/** Does work again after failures that may pass, never earlier than the server asked; a body that is a stream can be sent only once. */
async function again<T>(request: S3Request, work: () => Promise<T>): Promise<T> {
  const retries = request.body !== undefined && !(request.body instanceof Uint8Array) ? 0 : (request.retries ?? 4);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof S3Failure) || !error.isPassing || attempt >= retries) {
        throw error;
      }
      const askedMs = (error.retryAfterSeconds ?? 0) * 1000;
      const waitMs = Math.max(askedMs, 200 * 2 ** attempt * (0.5 + Math.random()));
      if (waitMs > longestWaitMs) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

type Send = (options: RequestOptions, callback: (reply: IncomingMessage) => void) => ClientRequest;

function exchange(send: Send, options: RequestOptions, body: S3Request['body']): Promise<S3Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = send(options, (reply) => {
      const status = reply.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        resolve({ status, headers: reply.headers, body: reply });
        return;
      }
      readText(reply).then((text) => reject(readFailure(status, reply.headers, text)), reject);
    });
    const timeoutMs = options.timeout ?? idleTimeoutMs;
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer for ${timeoutMs / 1000} seconds`)));
    outgoing.on('error', (error) => reject(new S3Failure({ code: 'ConnectionFailed', status: 0, message: error.message, cause: error })));
    if (body === undefined || body instanceof Uint8Array) {
      outgoing.end(body);
      return;
    }
    const { stream } = body;
    stream.once('error', (error) => {
      reject(error);
      outgoing.destroy();
    });
    stream.pipe(outgoing);
  });
}

async function readText(reply: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of reply) {
      length += (piece as Buffer).length;
      if (length > maxTextBytes) {
        throw new Error('the answer is too long');
      }
      pieces.push(piece as Buffer);
    }
  } catch (error) {
    throw new S3Failure({
      code: 'ConnectionFailed',
      status: 0,
      message: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
  return Buffer.concat(pieces).toString('utf8');
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Encodes as RFC 3986 has it, which is what signatures are made over. */
function encodeQuery(query: Readonly<Record<string, string>>): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return Object.entries(query)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}
