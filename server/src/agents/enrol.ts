import type { RouteInput } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { AppError } from '../core/errors.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Deps } from '../deps.ts';
import type { AgentActor } from '../http/request.ts';
import { Agents, Enrolments } from './model.ts';

const codeSeconds = 24 * 3600;
/** Prefix of agent tokens, so that secret scanners can name a leaked one. */
export const agentPrefix = 'carmic_agent';

/** Makes a code with which one agent can enrol within a day, or as many and as long as asked for. */
export async function createEnrolment(
  deps: Deps,
  actorId: string | null,
  { maxUses = 1, seconds = codeSeconds }: { maxUses?: number; seconds?: number } = {},
): Promise<{ code: string; expiresAt: Date }> {
  const { db, clock, appendEvent } = deps;
  const code = newSecret('carmic_enrol');
  const now = clock.now();
  const expiresAt = addSeconds(now, seconds);
  await db.asSystem(async (tx) => {
    const enrolment = await db
      .model(Enrolments)
      .create({ id: newId(), codeHash: hashSecret(code), expiresAt, maxUses, createdAt: now }, { transaction: tx });
    await appendEvent(tx, { workspaceId: null, type: 'agent.enrolment_created', subjectId: enrolment.id, actorId });
  });
  return { code, expiresAt };
}

/** Enrols an agent, which uses up its code, or one use of it. Throws gone for a code that is used up, has expired, or never was. */
export function registerAgent(deps: Deps, body: RouteInput<'registerAgent'>['body']): Promise<{ agentId: string; token: string }> {
  const { db, clock, appendEvent } = deps;
  return db.asSystem(async (tx) => {
    const now = clock.now();
    // A server of the version before marks a code as used without counting: such a code is used up.
    const used = await db.change(
      tx,
      `UPDATE agent_enrolments SET used_at = :now, uses = uses + 1
       WHERE code_hash = :codeHash AND expires_at > :now AND (used_at IS NULL OR (uses > 0 AND uses < max_uses))`,
      { now, codeHash: hashSecret(body.enrolmentCode) },
    );
    if (used === 0) {
      throw new AppError('gone', 'This enrolment code was used or has expired: make a new one on the Agents page.');
    }
    const token = newSecret(agentPrefix);
    const agent = await db.model(Agents).create(
      {
        id: newId(),
        name: body.name,
        version: body.version,
        tokenHash: hashSecret(token),
        capabilities: body.capabilities,
        lastSeenAt: now,
        createdAt: now,
      },
      { transaction: tx },
    );
    await appendEvent(tx, { workspaceId: null, type: 'agent.registered', subjectId: agent.id });
    return { agentId: agent.id, token };
  });
}

/** Finds the agent a token belongs to; null when it opens nothing. */
export function findAgent(deps: Deps, token: string): Promise<AgentActor | null> {
  return deps.db.asSystem(async (tx) => {
    const [row] = await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM agents WHERE token_hash = :hash AND revoked_at IS NULL', {
      hash: hashSecret(token),
    });
    return row === undefined ? null : { kind: 'agent', agentId: row.id };
  });
}
