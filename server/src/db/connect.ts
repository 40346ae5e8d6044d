import { type Options, Sequelize } from 'sequelize';
import { readDatabaseAddress } from './tls.ts';

/** Builds a Sequelize instance that sends no session SET, so that it works behind a connection pooler in transaction mode. */
export function connect(url: string, options: { poolSize: number; onQuery?: (sql: string) => void }): Sequelize {
  const { onQuery } = options;
  const address = readDatabaseAddress(url);
  const settings: Options & { keepDefaultTimezone: boolean } = {
    dialect: 'postgres',
    logging: onQuery === undefined ? false : (sql) => onQuery(sql),
    keepDefaultTimezone: true,
    dialectOptions: { clientMinMessages: 'ignore', application_name: 'carmic', ...(address.ssl === false ? {} : { ssl: address.ssl }) },
    pool: { max: options.poolSize, min: 0, acquire: 15_000, idle: 10_000, evict: 5_000 },
    define: { underscored: true, timestamps: false },
  };
  return new Sequelize(address.url, settings);
}
