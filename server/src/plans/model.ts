import type { PlanFeature, PlanLimits, PlanOverrides, RetentionRule } from '@carmic/contract';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Model, Sequelize } from 'sequelize';
import { column, defineTable } from '../db/columns.ts';

export interface PlanRow extends Model<InferAttributes<PlanRow>, InferCreationAttributes<PlanRow>> {
  id: string;
  slug: string;
  name: string;
  version: CreationOptional<number>;
  expiresAfterDays: number | null;
  fixedStorageBytes: number | null;
  limits: PlanLimits;
  features: PlanFeature[];
  isDefault: CreationOptional<boolean>;
  archivedAt: CreationOptional<Date | null>;
  createdAt: Date;
  updatedAt: Date;
}
export const Plans = (sequelize: Sequelize) =>
  defineTable<PlanRow>(sequelize, 'plans', {
    id: column.id(),
    slug: column.text(),
    name: column.text(),
    version: column.integer(),
    expiresAfterDays: column.number(),
    fixedStorageBytes: column.size('fixedStorageBytes'),
    limits: column.json(),
    features: column.json(),
    isDefault: column.flag(),
    archivedAt: column.time(),
    createdAt: column.time(),
    updatedAt: column.time(),
  });

/** What an edit of a plan leaves behind. */
export interface PlanFields {
  name: string;
  retention: RetentionRule;
  limits: PlanLimits;
  features: PlanFeature[];
  isDefault: boolean;
  isArchived: boolean;
}
export interface PlanVersionRow extends Model<InferAttributes<PlanVersionRow>, InferCreationAttributes<PlanVersionRow>> {
  planId: string;
  version: number;
  fields: PlanFields;
  changedBy: string | null;
  changedAt: Date;
}
export const PlanVersions = (sequelize: Sequelize) =>
  defineTable<PlanVersionRow>(sequelize, 'plan_versions', {
    planId: { ...column.uuid(), primaryKey: true },
    version: { ...column.integer(), primaryKey: true },
    fields: column.json(),
    changedBy: column.uuid(),
    changedAt: column.time(),
  });

/** The columns of a workspace that plans write: what is in force for it. */
export interface WorkspacePlan extends Model<InferAttributes<WorkspacePlan>, InferCreationAttributes<WorkspacePlan>> {
  id: string;
  name: string;
  planId: string;
  overrides: PlanOverrides | null;
  retentionDays: number | null;
  storageLimitBytes: number | null;
  graceFrom: Date | null;
  graceUntil: Date | null;
  graceDays: number | null;
  createdAt: Date;
}
export const WorkspacePlans = (sequelize: Sequelize) =>
  defineTable<WorkspacePlan>(sequelize, 'workspaces', {
    id: column.id(),
    name: column.text(),
    planId: column.uuid(),
    overrides: column.json(),
    retentionDays: column.number(),
    storageLimitBytes: column.size('storageLimitBytes'),
    graceFrom: column.time(),
    graceUntil: column.time(),
    graceDays: column.number(),
    createdAt: column.time(),
  });
