import { DataTypes, type Model, type ModelAttributeColumnOptions, type ModelStatic, type Sequelize } from 'sequelize';

/** Column kinds in the words of our tables. Absent values are null, times are Date, and a bigint is a JavaScript number. */
export const column = {
  id: () => ({ type: DataTypes.UUID, primaryKey: true }),
  uuid: () => ({ type: DataTypes.UUID }),
  text: () => ({ type: DataTypes.TEXT }),
  flag: () => ({ type: DataTypes.BOOLEAN }),
  integer: () => ({ type: DataTypes.INTEGER }),
  number: () => ({ type: DataTypes.DOUBLE }),
  bytes: () => ({ type: DataTypes.BLOB }),
  json: () => ({ type: DataTypes.JSONB }),
  time: () => ({ type: DataTypes.DATE }),
  /** Sizes in bytes: PostgreSQL answers bigint as text, and no size here comes near 2^53. */
  size: (name: string) => ({
    type: DataTypes.BIGINT,
    get(this: Model) {
      const value: unknown = this.getDataValue(name);
      return value === null || value === undefined ? value : Number(value);
    },
  }),
} satisfies Record<string, (name: string) => ModelAttributeColumnOptions>;

/** Defines the model of one table. */
export function defineTable<M extends Model>(
  sequelize: Sequelize,
  tableName: string,
  columns: Record<string, ModelAttributeColumnOptions>,
): ModelStatic<M> {
  return sequelize.define(tableName, columns, { tableName, underscored: true, timestamps: false }) as ModelStatic<M>;
}
