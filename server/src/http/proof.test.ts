import { describe, expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { isOnlyRemembered, NotProven, readProven, requireProof } from './proof.ts';
import type { Person, Proof } from './request.ts';

const reading = { workspaceId: null, sql: 'SELECT role' };
const proofOf = (role: string): Proof => ({
  reading,
  holds: (rows) => (rows[0] as { role?: string } | undefined)?.role === role,
  isProven: false,
});
const person = (proof?: Proof): Person => ({
  kind: 'person',
  userId: 'u',
  sessionId: 's',
  workspaceId: 'w',
  role: 'owner',
  isAdmin: false,
  scopes: null,
  authenticatedAt: new Date(0),
  needsSecondFactor: false,
  isWorkspaceSuspended: false,
  ...(proof === undefined ? {} : { proof }),
});

/** A database that says what is asked and answers these rows. */
function stand(...answers: object[][]) {
  const asked: string[] = [];
  const deps = {
    db: {
      read(readings: { sql: string }[]) {
        asked.push(...readings.map(({ sql }) => sql));
        return Promise.resolve(answers);
      },
    },
  } as unknown as Deps;
  return { deps, asked };
}

describe('a remembered caller', () => {
  it('is proven by the message that reads the page', async () => {
    const { deps, asked } = stand([{ role: 'owner' }], [{ id: 1 }]);
    const caller = person(proofOf('owner'));
    expect(await readProven<[{ id: number }]>(deps, caller, [{ workspaceId: 'w', sql: 'SELECT id' }])).toEqual([[{ id: 1 }]]);
    expect(asked).toEqual(['SELECT role', 'SELECT id']);
    expect(isOnlyRemembered(caller)).toBe(false);
    expect(() => requireProof(caller)).not.toThrow();
  });

  it.each([[[{ role: 'viewer' }]], [[]]])('is not answered when the database says %j', async (rows) => {
    const { deps } = stand(rows, [{ id: 1 }]);
    const caller = person(proofOf('owner'));
    await expect(readProven(deps, caller, [{ workspaceId: 'w', sql: 'SELECT id' }])).rejects.toThrow(NotProven);
    expect(() => requireProof(caller)).toThrow('was not proven');
  });

  it('is not answered by a handler that proves nothing', () => {
    expect(() => requireProof(person(proofOf('owner')))).toThrow('was not proven');
    expect(() => requireProof(person())).not.toThrow();
    expect(() => requireProof({ kind: 'nobody' })).not.toThrow();
  });
});
