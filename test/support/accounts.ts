import { hashPassword } from '../../server/src/accounts/passwords.ts';
import { Users } from '../../server/src/accounts/model.ts';
import type { TestInstance } from './instance.ts';

/** Gives a person a password and answers the address to sign in with. */
export async function setTestPassword(instance: TestInstance, userId: string, password: string): Promise<string> {
  const { db } = instance.server.deps;
  const passwordHash = await hashPassword(password);
  return db.asSystem(async (tx) => {
    await db.model(Users).update({ passwordHash }, { where: { id: userId }, transaction: tx });
    return (await db.model(Users).findByPk(userId, { transaction: tx, rejectOnEmpty: true })).email;
  });
}
