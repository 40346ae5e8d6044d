import type { DirectoryError } from '@carmic/contract';
import type { AppError } from '../core/errors.ts';

const schema = 'urn:ietf:params:scim:api:messages:2.0:Error' as const;

/** Whether answers at this path speak SCIM. */
export const isForDirectories = (path: string): boolean => path.startsWith('/scim/');

/** An error as directories read it (RFC 7644, section 3.12). */
export function presentDirectoryError({ code, status, message, details }: AppError): DirectoryError {
  const named = (details as { scimType?: unknown } | null | undefined)?.scimType;
  const scimType = typeof named === 'string' ? named : code === 'invalid_input' ? 'invalidValue' : undefined;
  return { schemas: [schema], status: String(status), ...(scimType === undefined ? {} : { scimType }), detail: message };
}
