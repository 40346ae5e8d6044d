import type { BrandAssetKind, Failure, OutputName, Probe, StageName, VideoOptions, VideoState } from '@carmic/contract';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Model, Sequelize } from 'sequelize';
import { column, defineTable } from '../db/columns.ts';

/** When a stage ran, and what to say about it. */
export interface StageTime {
  startedAt?: string;
  finishedAt?: string;
  note?: string;
  isSkipped?: boolean;
  /** The transcription that was asked for, while its answer is awaited. */
  engine?: 'local' | 'deepgram';
  /** Engines that could not do it, so that the next one is asked. */
  tried?: string[];
}
export type StageTimes = Partial<Record<StageName, StageTime>>;

export interface Video extends Model<InferAttributes<Video>, InferCreationAttributes<Video>> {
  id: string;
  workspaceId: string;
  createdBy: CreationOptional<string | null>;
  titleSealed: Buffer;
  fileNameSealed: Buffer;
  /** Folder and tags: see labels.ts. */
  labelsSealed: CreationOptional<Buffer | null>;
  sizeBytes: number;
  state: VideoState;
  stageTimes: CreationOptional<StageTimes>;
  failure: CreationOptional<Failure | null>;
  notices: CreationOptional<string[]>;
  probe: CreationOptional<Probe | null>;
  options: VideoOptions;
  nudges: CreationOptional<number>;
  keptFrom: CreationOptional<Date | null>;
  expiresAt: CreationOptional<Date | null>;
  deletedAt: CreationOptional<Date | null>;
  createdAt: Date;
  updatedAt: Date;
}
export const Videos = (sequelize: Sequelize) =>
  defineTable<Video>(sequelize, 'videos', {
    id: column.id(),
    workspaceId: column.uuid(),
    createdBy: column.uuid(),
    titleSealed: column.bytes(),
    fileNameSealed: column.bytes(),
    labelsSealed: column.bytes(),
    sizeBytes: column.size('sizeBytes'),
    state: column.text(),
    stageTimes: column.json(),
    failure: column.json(),
    notices: column.json(),
    probe: column.json(),
    options: column.json(),
    nudges: column.integer(),
    keptFrom: column.time(),
    expiresAt: column.time(),
    deletedAt: column.time(),
    createdAt: column.time(),
    updatedAt: column.time(),
  });

export type UploadState = 'open' | 'completed' | 'aborted';
export interface UploadRow extends Model<InferAttributes<UploadRow>, InferCreationAttributes<UploadRow>> {
  id: string;
  workspaceId: string;
  videoId: string;
  objectId: string;
  storageUploadId: string;
  state: UploadState;
  sizeBytes: number;
  partSizeBytes: number;
  partCount: number;
  expiresAt: Date;
  createdAt: Date;
}
export const Uploads = (sequelize: Sequelize) =>
  defineTable<UploadRow>(sequelize, 'uploads', {
    id: column.id(),
    workspaceId: column.uuid(),
    videoId: column.uuid(),
    objectId: column.uuid(),
    storageUploadId: column.text(),
    state: column.text(),
    sizeBytes: column.size('sizeBytes'),
    partSizeBytes: column.size('partSizeBytes'),
    partCount: column.integer(),
    expiresAt: column.time(),
    createdAt: column.time(),
  });

/** What an object is: the uploaded source, what an agent delivers, or a file of a brand kit, which belongs to no video. */
export type ObjectKind = 'source' | OutputName | `brand_${BrandAssetKind}`;
export interface StoredObject extends Model<InferAttributes<StoredObject>, InferCreationAttributes<StoredObject>> {
  id: string;
  workspaceId: string;
  videoId: string | null;
  taskId: CreationOptional<string | null>;
  attempt: CreationOptional<number | null>;
  renditionId: CreationOptional<string | null>;
  key: string;
  kind: ObjectKind;
  /** `removed`: the bytes are gone; the key is kept for the manifest. */
  state: 'pending' | 'ready' | 'deleting' | 'removed';
  contentType: string;
  sizeBytes: CreationOptional<number>;
  sha256: CreationOptional<string | null>;
  expiresAt: CreationOptional<Date | null>;
  createdAt: Date;
}
export const StoredObjects = (sequelize: Sequelize) =>
  defineTable<StoredObject>(sequelize, 'stored_objects', {
    id: column.id(),
    workspaceId: column.uuid(),
    videoId: column.uuid(),
    taskId: column.uuid(),
    attempt: column.integer(),
    renditionId: column.uuid(),
    key: column.text(),
    kind: column.text(),
    state: column.text(),
    contentType: column.text(),
    sizeBytes: column.size('sizeBytes'),
    sha256: column.text(),
    expiresAt: column.time(),
    createdAt: column.time(),
  });
