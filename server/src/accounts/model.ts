import type { Role } from '@carmic/contract';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Model, Sequelize } from 'sequelize';
import { column, defineTable } from '../db/columns.ts';

export interface User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  id: string;
  email: string;
  name: string;
  /** Argon2id in PHC form; null until a password is chosen. */
  passwordHash: CreationOptional<string | null>;
  isAdmin: CreationOptional<boolean>;
  /** A service account has API keys and cannot sign in. */
  kind: CreationOptional<'person' | 'service'>;
  suspendedAt: CreationOptional<Date | null>;
  /** Signs in by password even where an identity provider is enforced. */
  isBreakGlass: CreationOptional<boolean>;
  totpSealed: CreationOptional<Buffer | null>;
  totpConfirmedAt: CreationOptional<Date | null>;
  totpLastStep: CreationOptional<number>;
  /** Language of the mails this person gets. */
  mailLanguage: CreationOptional<'en' | 'de'>;
  createdAt: CreationOptional<Date>;
  updatedAt: CreationOptional<Date>;
}
export const Users = (sequelize: Sequelize) =>
  defineTable<User>(sequelize, 'users', {
    id: column.id(),
    email: column.text(),
    name: column.text(),
    passwordHash: column.text(),
    isAdmin: column.flag(),
    kind: column.text(),
    suspendedAt: column.time(),
    isBreakGlass: column.flag(),
    totpSealed: column.bytes(),
    totpConfirmedAt: column.time(),
    totpLastStep: column.size('totpLastStep'),
    mailLanguage: column.text(),
    createdAt: column.time(),
    updatedAt: column.time(),
  });

export interface Member extends Model<InferAttributes<Member>, InferCreationAttributes<Member>> {
  workspaceId: string;
  userId: string;
  role: Role;
}
export const Members = (sequelize: Sequelize) =>
  defineTable<Member>(sequelize, 'members', {
    workspaceId: { ...column.uuid(), primaryKey: true },
    userId: { ...column.uuid(), primaryKey: true },
    role: column.text(),
  });

export interface Session extends Model<InferAttributes<Session>, InferCreationAttributes<Session>> {
  id: string;
  userId: string;
  workspaceId: string;
  tokenHash: Buffer;
  createdAt: CreationOptional<Date>;
  lastSeenAt: CreationOptional<Date>;
  authenticatedAt: CreationOptional<Date>;
  browser: CreationOptional<string | null>;
  /** The identity provider that opened it. */
  providerId: CreationOptional<string | null>;
  expiresAt: Date;
}
export const Sessions = (sequelize: Sequelize) =>
  defineTable<Session>(sequelize, 'sessions', {
    id: column.id(),
    userId: column.uuid(),
    workspaceId: column.uuid(),
    tokenHash: column.bytes(),
    createdAt: column.time(),
    lastSeenAt: column.time(),
    authenticatedAt: column.time(),
    browser: column.text(),
    providerId: column.uuid(),
    expiresAt: column.time(),
  });

export interface SignInLink extends Model<InferAttributes<SignInLink>, InferCreationAttributes<SignInLink>> {
  id: string;
  userId: string;
  tokenHash: Buffer;
  expiresAt: Date;
  usedAt: CreationOptional<Date | null>;
}
export const SignInLinks = (sequelize: Sequelize) =>
  defineTable<SignInLink>(sequelize, 'sign_in_links', {
    id: column.id(),
    userId: column.uuid(),
    tokenHash: column.bytes(),
    expiresAt: column.time(),
    usedAt: column.time(),
  });
