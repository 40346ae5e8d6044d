/**
 * Keeps events in order when their rows come from another PostgreSQL.
 *
 * Events are read in the order of (transaction id, number), and only behind the oldest running transaction. Rows that were restored into a new
 * cluster carry ids that this cluster reaches in months, and until then nothing new would be read. So the ids of this cluster are counted from
 * behind the highest that is there. The ids in the rows stay: the audit log's hashes contain them.
 */
import { QueryTypes, type Sequelize } from 'sequelize';

/** Puts the next transaction behind every event that is there. Answers whether that was needed. Needs the owner of the schema. */
export async function putEventsInOrder(sequelize: Sequelize): Promise<boolean> {
  return sequelize.transaction(async (transaction) => {
    await sequelize.query("SELECT set_config('carmic.system', 'on', true)", { transaction });
    const [row] = await sequelize.query<{ newest: string; next: string; own: string }>(
      `SELECT greatest('0'::xid8, (SELECT txid FROM events ORDER BY txid DESC LIMIT 1), (SELECT txid FROM event_cursors ORDER BY txid DESC LIMIT 1))::text AS newest,
         event_xid(pg_snapshot_xmax(pg_current_snapshot()))::text AS next, pg_snapshot_xmax(pg_current_snapshot())::text AS own`,
      { transaction, type: QueryTypes.SELECT },
    );
    const { newest, next, own } = row ?? { newest: '0', next: '1', own: '1' };
    // A cursor may stand right before the next transaction of its own cluster, but not behind it.
    if (BigInt(newest) < BigInt(next)) {
      return false;
    }
    const offset = BigInt(newest) + 1n - BigInt(own);
    await sequelize.query(
      `CREATE OR REPLACE FUNCTION event_xid(own xid8) RETURNS xid8 LANGUAGE sql STABLE AS 'SELECT (own::text::bigint + ${offset})::text::xid8'`,
      { transaction },
    );
    return true;
  });
}
