import type { Me, RouteInput } from '@carmic/contract';
import { AppError, forbidden } from '../core/errors.ts';
import { isUniqueViolation } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { Users } from './model.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { presentMe } from './present.ts';

/** Changes name, email or password. A new password ends every other session and every printed link. */
export async function updateMe(deps: Deps, person: Person, body: RouteInput<'updateMe'>['body']): Promise<Me> {
  const { db, clock, appendEvent } = deps;
  const user = await db.asSystem((tx) => db.model(Users).findByPk(person.userId, { transaction: tx, rejectOnEmpty: true }));
  const isSensitive = body.email !== undefined || body.newPassword !== undefined;
  if (isSensitive && user.passwordHash !== null && !(await verifyPassword(user.passwordHash, body.currentPassword ?? ''))) {
    throw forbidden('The current password is not right.');
  }
  const passwordHash = body.newPassword === undefined ? undefined : await hashPassword(body.newPassword);
  try {
    return await db.asSystem(async (tx) => {
      await db.model(Users).update(
        {
          updatedAt: clock.now(),
          ...(body.name === undefined ? {} : { name: body.name }),
          ...(body.email === undefined ? {} : { email: body.email }),
          ...(passwordHash === undefined ? {} : { passwordHash }),
        },
        { where: { id: user.id }, transaction: tx },
      );
      if (passwordHash !== undefined) {
        await db.change(tx, 'DELETE FROM sessions WHERE user_id = :userId AND id <> :sessionId', {
          userId: user.id,
          sessionId: person.sessionId,
        });
        await db.change(tx, 'DELETE FROM sign_in_links WHERE user_id = :userId', { userId: user.id });
      }
      await appendEvent(tx, {
        workspaceId: person.workspaceId,
        type: 'user.updated',
        subjectId: user.id,
        actorId: user.id,
        data: { fields: Object.keys(body).filter((name) => name !== 'currentPassword') },
      });
      return presentMe(deps, tx, person);
    });
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw new AppError('conflict', 'Another account uses this email.');
    }
    throw error;
  }
}
