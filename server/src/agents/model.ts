import type { Capabilities, Failure, TaskKind, TaskResult, TaskState } from '@carmic/contract';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Model, Sequelize } from 'sequelize';
import { column, defineTable } from '../db/columns.ts';

export interface AgentRow extends Model<InferAttributes<AgentRow>, InferCreationAttributes<AgentRow>> {
  id: string;
  name: string;
  version: string;
  tokenHash: Buffer;
  capabilities: Capabilities;
  lastSeenAt: CreationOptional<Date | null>;
  revokedAt: CreationOptional<Date | null>;
  createdAt: Date;
}
export const Agents = (sequelize: Sequelize) =>
  defineTable<AgentRow>(sequelize, 'agents', {
    id: column.id(),
    name: column.text(),
    version: column.text(),
    tokenHash: column.bytes(),
    capabilities: column.json(),
    lastSeenAt: column.time(),
    revokedAt: column.time(),
    createdAt: column.time(),
  });

export interface Enrolment extends Model<InferAttributes<Enrolment>, InferCreationAttributes<Enrolment>> {
  id: string;
  codeHash: Buffer;
  expiresAt: Date;
  usedAt: CreationOptional<Date | null>;
  /** How many agents have enrolled with it, and how many may. */
  uses: CreationOptional<number>;
  maxUses: CreationOptional<number>;
  createdAt: Date;
}
export const Enrolments = (sequelize: Sequelize) =>
  defineTable<Enrolment>(sequelize, 'agent_enrolments', {
    id: column.id(),
    codeHash: column.bytes(),
    expiresAt: column.time(),
    usedAt: column.time(),
    uses: column.integer(),
    maxUses: column.integer(),
    createdAt: column.time(),
  });

export interface MediaTask extends Model<InferAttributes<MediaTask>, InferCreationAttributes<MediaTask>> {
  id: string;
  workspaceId: string;
  videoId: string;
  renditionId: CreationOptional<string | null>;
  kind: TaskKind;
  state: TaskState;
  priority: CreationOptional<number>;
  /** Rises with every lease and is never reused: outputs of each attempt have keys of their own. */
  attempt: CreationOptional<number>;
  maxAttempts: CreationOptional<number>;
  runAfter: Date;
  agentId: CreationOptional<string | null>;
  leaseTokenHash: CreationOptional<Buffer | null>;
  leaseExpiresAt: CreationOptional<Date | null>;
  progress: CreationOptional<number>;
  note: CreationOptional<string | null>;
  result: CreationOptional<TaskResult | null>;
  failure: CreationOptional<Failure | null>;
  queuedAt: Date;
  leasedAt: CreationOptional<Date | null>;
  finishedAt: CreationOptional<Date | null>;
  createdAt: Date;
}
export const MediaTasks = (sequelize: Sequelize) =>
  defineTable<MediaTask>(sequelize, 'media_tasks', {
    id: column.id(),
    workspaceId: column.uuid(),
    videoId: column.uuid(),
    renditionId: column.uuid(),
    kind: column.text(),
    state: column.text(),
    priority: column.integer(),
    attempt: column.integer(),
    maxAttempts: column.integer(),
    runAfter: column.time(),
    agentId: column.uuid(),
    leaseTokenHash: column.bytes(),
    leaseExpiresAt: column.time(),
    progress: column.number(),
    note: column.text(),
    result: column.json(),
    failure: column.json(),
    queuedAt: column.time(),
    leasedAt: column.time(),
    finishedAt: column.time(),
    createdAt: column.time(),
  });
