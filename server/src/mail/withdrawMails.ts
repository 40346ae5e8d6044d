import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { addressOf } from './mail.ts';

const batchSize = 500;

/** Takes back every mail to an address that was not sent yet. Addresses are sealed, so each is opened. Answers how many. */
export async function withdrawMails(deps: Deps, tx: Tx, email: string): Promise<number> {
  const { db } = deps;
  const doomed: string[] = [];
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const rows = await db.rows<{ id: string; content_sealed: Buffer }>(
      tx,
      'SELECT id, content_sealed FROM mails WHERE id > :after ORDER BY id LIMIT :batchSize',
      { after, batchSize },
    );
    doomed.push(...rows.filter((row) => addressOf(deps, row).toLowerCase() === email.toLowerCase()).map((row) => row.id));
    const last = rows.at(-1);
    if (last === undefined) {
      break;
    }
    after = last.id;
  }
  for (const id of doomed) {
    await db.change(tx, 'DELETE FROM mails WHERE id = :id', { id });
  }
  return doomed.length;
}
