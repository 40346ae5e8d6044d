/**
 * Answers signed URLs: all of the disk driver's, and the links for people of every driver. Keeps: S4.
 *
 * The signature alone says what a request may do; `readableSeconds` is asked on every read besides, so that deleted and expired content is
 * gone for every URL that was ever given out. What is served can be looked at and saved but never run: fixed type, nosniff, and a sandbox.
 * Where the storage can be reached directly, the reader is sent on to it, for no longer than the content may be read.
 */
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { AppError } from '../core/errors.ts';
import { contentDisposition } from './contentDisposition.ts';
import { sendContinue } from './continueLater.ts';
import type { BodySource } from './disk/storePart.ts';
import type { StoredInfo } from './objectStore.ts';
import { defaultPace, pacedBody, type PaceLimits } from './pacedBody.ts';
import { readRangeHeader } from './rangeHeader.ts';
import type { ServedStore, SignedWriter } from './servedStore.ts';
import { type Grant, storagePath } from './signing.ts';
import { hasErrno, objectNotFound, presentStorageError, StorageError } from './storageError.ts';

export interface StorageMiddlewareOptions {
  store: ServedStore;
  /** How long the object may still be read: 0 when its row is gone, deleted or expired; Infinity when it has no end. */
  readableSeconds: (key: string) => Promise<number>;
  /** Whether a PUT may still store something: asked before the body is read and, for a whole object, again before it can be seen. */
  mayWrite?: ((target: { key: string; objectId?: string }) => Promise<boolean>) | undefined;
  log: { error(details: object, message: string): void };
  pace?: PaceLimits | undefined;
}

const readerTimeoutMs = 5 * 60_000;
/** Players keep the address they were sent to, so that it must outlast a film that is watched with pauses. */
const redirectSeconds = 3600;
const lingerMs = 5_000;
const lingerBytes = 32 * 1024 * 1024;

/** Builds the middleware that answers `/storage/v1/...` and passes everything else on. It must run before any body parser. */
export function createStorageMiddleware(options: StorageMiddlewareOptions): Middleware {
  return async (context, next) => {
    if (!context.path.startsWith(storagePath)) {
      await next();
      return;
    }
    context.state['route'] = 'storage';
    try {
      await answer(context, options);
    } catch (error) {
      discardRest(context.req);
      throw presentError(error, options.log);
    }
  };
}

async function answer(context: Context, options: StorageMiddlewareOptions): Promise<void> {
  if (!['GET', 'HEAD', 'PUT'].includes(context.method)) {
    context.set('allow', 'GET, HEAD, PUT');
    throw new AppError('method_not_allowed', 'Stored files can be read with GET and written with PUT.');
  }
  const grant = options.store.signer.read(context.method, context.path, context.querystring);
  switch (grant.op) {
    case 'get':
      return serveObject(context, grant, options);
    case 'put':
      return receiveObject(context, grant, options);
    case 'part':
      return receivePart(context, grant, options);
  }
}

function presentError(error: unknown, log: StorageMiddlewareOptions['log']): unknown {
  if (error instanceof StorageError) {
    if (error.code === 'corrupt' || error.code === 'wrong_key' || error.code === 'unavailable') {
      log.error({ err: error, code: error.code }, 'stored data could not be used');
    }
    return presentStorageError(error);
  }
  if (hasErrno(error, 'ECONNRESET')) {
    return presentStorageError(new StorageError('incomplete', 'The connection ended before the body did.'));
  }
  return error;
}

// ---- reading ---------------------------------------------------------------------------------------------------------

async function serveObject(context: Context, grant: Grant & { op: 'get' }, options: StorageMiddlewareOptions): Promise<void> {
  const { store } = options;
  const secondsLeft = Math.floor(await options.readableSeconds(grant.key));
  if (secondsLeft <= 0) {
    throw objectNotFound();
  }
  const method = context.method === 'HEAD' ? 'HEAD' : 'GET';
  const { contentType, downloadName } = grant;
  const expiresInSeconds = Math.min(redirectSeconds, secondsLeft);
  const target = await store.redirect(method, grant.key, { expiresInSeconds, contentType, downloadName });
  if (target !== null) {
    context.set({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', location: target });
    context.body = '';
    context.status = 302;
    return;
  }
  const info = await store.head(grant.key);
  if (info === null) {
    throw objectNotFound();
  }
  setContentHeaders(context, grant, info);
  context.status = 200;
  if (context.fresh) {
    context.status = 304;
    return;
  }
  const range = wantsRange(context, info) ? readRangeHeader(context.get('range'), info.sizeBytes) : { kind: 'whole' as const };
  if (range.kind === 'unsatisfiable') {
    refuseRange(context, info);
    return;
  }
  const { start, end } = range.kind === 'span' ? range : { start: 0, end: info.sizeBytes };
  if (range.kind === 'span') {
    context.status = 206;
    context.set('content-range', `bytes ${start}-${end - 1}/${info.sizeBytes}`);
  }
  if (context.method === 'GET') {
    context.body = await openStream(context, store, grant.key, { start, end });
    context.res.setTimeout(readerTimeoutMs, () => context.req.destroy());
  }
  context.type = grant.contentType;
  context.length = end - start;
}

async function openStream(context: Context, store: ServedStore, key: string, range: { start: number; end: number }) {
  try {
    return (await store.get(key, range)).stream;
  } catch (error) {
    // What was said of the content does not hold for the error that is sent instead.
    for (const name of ['content-range', 'content-disposition', 'accept-ranges', 'etag', 'last-modified']) {
      context.remove(name);
    }
    throw error;
  }
}

function setContentHeaders(context: Context, grant: Grant & { op: 'get' }, info: StoredInfo): void {
  context.set({
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-disposition': contentDisposition(grant.downloadName),
    'content-security-policy': "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  context.etag = info.sha256;
  context.lastModified = info.createdAt;
}

/** A range counts only when the copy it continues is still this object (RFC 9110, section 13.1.5). */
function wantsRange(context: Context, info: StoredInfo): boolean {
  if (context.get('range') === '') {
    return false;
  }
  const condition = context.get('if-range');
  return condition === '' || condition === `"${info.sha256}"` || condition === info.createdAt.toUTCString();
}

function refuseRange(context: Context, info: StoredInfo): void {
  context.remove('content-disposition');
  context.set('content-range', `bytes */${info.sizeBytes}`);
  context.status = 416;
  context.body = {
    error: {
      code: 'invalid_input',
      message: `The range is outside the file’s ${info.sizeBytes} bytes.`,
      requestId: String(context.state['requestId']),
    },
  };
}

// ---- writing ---------------------------------------------------------------------------------------------------------

async function receiveObject(context: Context, grant: Grant & { op: 'put' }, options: StorageMiddlewareOptions): Promise<void> {
  const { key, contentType, maxBytes, objectId } = grant;
  const writer = requireWriter(options);
  const requireAllowed = () => requireWanted(options, { key, objectId });
  await requireAllowed();
  if (Number(context.get('content-length')) > maxBytes) {
    throw new StorageError('too_large', `The body is larger than the ${maxBytes} bytes that are allowed here.`);
  }
  const body = openBody(context, options);
  const info = await writer.receive(key, { contentType, maxBytes, body, beforeCommit: requireAllowed });
  acknowledge(context, info);
}

async function receivePart(context: Context, grant: Grant & { op: 'part' }, options: StorageMiddlewareOptions): Promise<void> {
  const { key, uploadId, partNumber, sha256 } = grant;
  await requireWanted(options, { key });
  const part = await requireWriter(options).receivePart(key, uploadId, { partNumber, sha256, body: openBody(context, options) });
  acknowledge(context, part);
}

async function requireWanted({ mayWrite }: StorageMiddlewareOptions, target: { key: string; objectId?: string }): Promise<void> {
  if (mayWrite !== undefined && !(await mayWrite(target))) {
    throw new StorageError('conflict', 'This file is no longer wanted.');
  }
}

function requireWriter({ store }: StorageMiddlewareOptions): SignedWriter {
  if (store.writer === null) {
    throw new StorageError('bad_signature', 'This link is not valid: ask for a new one.');
  }
  return store.writer;
}

function openBody(context: Context, { pace }: StorageMiddlewareOptions): BodySource {
  const { req, res } = context;
  async function* bytes() {
    sendContinue(req, res);
    yield* pacedBody(req, pace ?? defaultPace);
  }
  return { bytes: bytes(), cancel: (reason) => req.destroy(reason) };
}

function acknowledge(context: Context, { sizeBytes, sha256 }: { sizeBytes: number; sha256: string }): void {
  context.status = 200;
  context.set('cache-control', 'no-store');
  context.etag = sha256;
  context.body = { sizeBytes, sha256 };
}

/**
 * Reads and drops what is left of a refused body, within limits: closing at once would reset the connection and the sender would see that
 * instead of the answer.
 */
function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) {
    return;
  }
  let dropped = 0;
  const timer = setTimeout(() => request.destroy(), lingerMs);
  request.on('data', (piece: Uint8Array) => {
    dropped += piece.length;
    if (dropped > lingerBytes) {
      request.destroy();
    }
  });
  request.once('close', () => clearTimeout(timer));
  request.once('error', () => clearTimeout(timer));
  request.resume();
}
