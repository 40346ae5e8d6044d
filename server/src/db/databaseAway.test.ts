import { describe, expect, it } from 'vitest';
import { HostNotFoundError } from 'sequelize';
import { StartError } from '../core/errors.ts';
import { explainDatabaseAway, isDatabaseAway } from './databaseAway.ts';

const unknownName = () => Object.assign(new Error('getaddrinfo ENOTFOUND pgbouncer'), { code: 'ENOTFOUND', hostname: 'pgbouncer' });

describe('a database that is away', () => {
  it.each([unknownName(), new HostNotFoundError(unknownName()), new Error('outer', { cause: unknownName() })])(
    'is told from a fault of a statement: %s',
    (error) => {
      expect(isDatabaseAway(error)).toBe(true);
      expect(explainDatabaseAway(error)).toContain('no address for the name "pgbouncer"');
      expect(explainDatabaseAway(error)).toContain('docker compose exec server carmic');
    },
  );

  it('is not what an error of our own is about, whatever caused it', () => {
    expect(isDatabaseAway(new StartError('The bucket does not answer.', { cause: unknownName() }))).toBe(false);
    expect(isDatabaseAway(new Error('syntax error at or near "FORM"'))).toBe(false);
  });

  it('keeps the words of what else went wrong with it', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    expect(explainDatabaseAway(refused)).toBe('The database cannot be reached: connect ECONNREFUSED 127.0.0.1:5432');
  });
});
