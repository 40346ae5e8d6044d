import type { Aspect, CaptionOptions, CaptionStyle, ClipState, CoverChoice, Failure, FramingWish, RenderResult, RenditionState, VideoCodec } from '@carmic/contract';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Model, Sequelize } from 'sequelize';
import { column, defineTable } from '../db/columns.ts';

export interface ClipRow extends Model<InferAttributes<ClipRow>, InferCreationAttributes<ClipRow>> {
  id: string;
  workspaceId: string;
  videoId: string;
  state: ClipState;
  rank: number;
  startSeconds: number;
  endSeconds: number;
  score: number;
  /** Title, tags, parts of the score and excerpt: see content.ts. */
  contentSealed: Buffer;
  editVersion: CreationOptional<number>;
  /** Which of the covers stands for it. */
  cover: CreationOptional<CoverChoice>;
  createdAt: Date;
  updatedAt: Date;
}
export const Clips = (sequelize: Sequelize) =>
  defineTable<ClipRow>(sequelize, 'clips', {
    id: column.id(),
    workspaceId: column.uuid(),
    videoId: column.uuid(),
    state: column.text(),
    rank: column.integer(),
    startSeconds: column.number(),
    endSeconds: column.number(),
    score: column.number(),
    contentSealed: column.bytes(),
    editVersion: column.integer(),
    cover: column.integer(),
    createdAt: column.time(),
    updatedAt: column.time(),
  });

export interface RenditionRow extends Model<InferAttributes<RenditionRow>, InferCreationAttributes<RenditionRow>> {
  id: string;
  workspaceId: string;
  videoId: string;
  clipId: string;
  state: RenditionState;
  aspect: Aspect;
  captionStyle: CaptionStyle;
  captionOptions: CreationOptional<CaptionOptions>;
  /** How a person wants it framed; null where that is chosen by looking. */
  framing: CreationOptional<FramingWish | null>;
  captionLanguage: CreationOptional<string | null>;
  codec: CreationOptional<VideoCodec>;
  brandKitId: CreationOptional<string | null>;
  width: number;
  height: number;
  /** SHA-256 of everything that decides how the file looks and sounds. */
  specHash: string;
  editVersion: number;
  result: CreationOptional<RenderResult | null>;
  failure: CreationOptional<Failure | null>;
  createdAt: Date;
  updatedAt: Date;
}
export const Renditions = (sequelize: Sequelize) =>
  defineTable<RenditionRow>(sequelize, 'renditions', {
    id: column.id(),
    workspaceId: column.uuid(),
    videoId: column.uuid(),
    clipId: column.uuid(),
    state: column.text(),
    aspect: column.text(),
    captionStyle: column.text(),
    captionOptions: column.json(),
    framing: column.json(),
    captionLanguage: column.text(),
    codec: column.text(),
    brandKitId: column.uuid(),
    width: column.integer(),
    height: column.integer(),
    specHash: column.text(),
    editVersion: column.integer(),
    result: column.json(),
    failure: column.json(),
    createdAt: column.time(),
    updatedAt: column.time(),
  });
