import type { CreationOptional, InferAttributes, InferCreationAttributes, Model, Sequelize } from 'sequelize';
import { column, defineTable } from '../db/columns.ts';

/** The words themselves are an encrypted object; the row says whose they are and where they came from. */
export interface TranscriptRow extends Model<InferAttributes<TranscriptRow>, InferCreationAttributes<TranscriptRow>> {
  id: string;
  workspaceId: string;
  videoId: string;
  language: string;
  engine: string;
  wordCount: number;
  objectId: string;
  createdAt: CreationOptional<Date>;
}
export const Transcripts = (sequelize: Sequelize) =>
  defineTable<TranscriptRow>(sequelize, 'transcripts', {
    id: column.id(),
    workspaceId: column.uuid(),
    videoId: column.uuid(),
    language: column.text(),
    engine: column.text(),
    wordCount: column.integer(),
    objectId: column.uuid(),
    createdAt: column.time(),
  });
