import type { Context } from 'koa';
import { AppError } from '../core/errors.ts';

/** The two sides of conditional requests (RFC 9110, section 13): naming the answered version, and checking the one a caller changes. */
export function buildEtag(context: Context): { setEtag(version: string): void; checkMatch(version: string): void } {
  return {
    setEtag(version) {
      context.set('etag', `"${version}"`);
    },
    checkMatch(version) {
      const header = context.get('if-match');
      const names = header.split(',').map((each) => each.trim());
      if (header !== '' && !names.includes('*') && !names.includes(`"${version}"`)) {
        throw new AppError('precondition_failed', 'Somebody else changed this in the meantime: load it again, then make your change.');
      }
    },
  };
}
