import { readFileSync } from 'node:fs';
import { StartError } from '../core/errors.ts';

/** A database's address without what it says of TLS, and that as options of the client. */
export interface DatabaseAddress {
  readonly url: string;
  readonly ssl: false | { ca?: string; rejectUnauthorized: true; minVersion: 'TLSv1.3'; servername?: string };
}

/**
 * Reads `sslmode` and `sslrootcert` of a PostgreSQL URL. Keeps: S2.
 *
 * `verify-full` is the one mode with TLS: version 1.3, the certificate checked against `sslrootcert` (or the public authorities) and
 * the host's name. `disable`, or nothing, is for a database on this machine or on a network of its own. The weaker modes of
 * PostgreSQL, which encrypt without knowing to whom, are refused. Throws StartError.
 */
export function readDatabaseAddress(url: string): DatabaseAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new StartError('The database URL is no URL: write it as postgres://user:password@host:5432/database.');
  }
  const mode = parsed.searchParams.get('sslmode') ?? 'disable';
  const authority = parsed.searchParams.get('sslrootcert');
  for (const name of ['sslmode', 'sslrootcert']) {
    parsed.searchParams.delete(name);
  }
  if (mode === 'disable') {
    return { url: parsed.href, ssl: false };
  }
  if (mode !== 'verify-full') {
    throw new StartError(
      `The database URL has sslmode=${mode}: use verify-full (with sslrootcert=FILE for an authority of your own), or disable.`,
    );
  }
  return {
    url: parsed.href,
    ssl: { ...(authority === null ? {} : { ca: readAuthority(authority) }), rejectUnauthorized: true, minVersion: 'TLSv1.3' },
  };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(`sslrootcert names ${path}, which cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
