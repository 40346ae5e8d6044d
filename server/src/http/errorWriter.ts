import type { ErrorCode, ErrorReply } from '@carmic/contract';
import type { Context, Middleware } from 'koa';
import { ZodError } from 'zod';
import { AppError, invalidInput, unavailable } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { isDatabaseAway } from '../db/databaseAway.ts';
import { isForDirectories, presentDirectoryError } from './directoryError.ts';
import type { Actor } from './request.ts';
import { presentStorageError, StorageError } from '../storage/storageError.ts';

/** Calls of somebody who is known and may not do this (OWASP ASVS 5, 16.3.2). */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'forbidden',
  'second_factor_needed',
  'reauthentication_needed',
  'workspace_suspended',
  'sign_on_needed',
]);

/** Turns whatever was thrown into an error meant for the caller. */
function toAppError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error;
  }
  if (error instanceof StorageError) {
    return presentStorageError(error);
  }
  if (error instanceof ZodError) {
    return invalidInput('The request does not fit the documented form.', error.issues);
  }
  if (isDatabaseAway(error)) {
    return unavailable('The database is not reachable right now; try again in a few seconds.', 3, error);
  }
  const { status } = error as { status?: unknown };
  if (status === 413) {
    return new AppError('payload_too_large', 'The request body is too large.');
  }
  if (status === 415) {
    return new AppError('unsupported_media_type', 'Send the body as application/json.');
  }
  if (status === 400) {
    return invalidInput('The request body is not valid JSON.');
  }
  return new AppError('internal', 'Something went wrong on our side; the request id helps to find it in the log.', { cause: error });
}

/** Writes every error in one place: the documented body, `Retry-After` where it applies, and a log line for our own faults. */
export function errorWriter(log: Log): Middleware {
  return async (context, next) => {
    try {
      await next();
    } catch (thrown) {
      writeError(context, toAppError(thrown), log);
    }
  };
}

function writeError(context: Context, error: AppError, log: Log): void {
  const requestId = String(context.state['requestId']);
  if (error.code === 'internal') {
    log.error({ err: error.cause ?? error, requestId, method: context.method, route: context.state['route'] ?? null }, 'a request failed');
  }
  if (refusals.has(error.code)) {
    const { route = null, actor } = context.state as { route?: string; actor?: Actor };
    // Ids only: who it was is looked up where that is allowed.
    const { userId, workspaceId } = actor?.kind === 'person' ? actor : { userId: null, workspaceId: null };
    log.info({ requestId, method: context.method, route, code: error.code, userId, workspaceId }, 'a call was refused');
  }
  const body: ErrorReply = {
    error: { code: error.code, message: error.message, requestId, ...(error.details === undefined ? {} : { details: error.details }) },
  };
  if (error.retryAfterSeconds !== undefined) {
    context.set('retry-after', String(error.retryAfterSeconds));
  }
  context.status = error.status;
  if (isForDirectories(context.path)) {
    context.body = presentDirectoryError(error);
    context.type = 'application/scim+json';
    return;
  }
  context.body = body;
}
