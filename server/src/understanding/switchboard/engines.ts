/** Which engine does what: the environment decides where it is set, then the workspace, then the installation, then the default. */
import type { EngineKind, EngineSwitch } from '@carmic/contract';
import { isKindServed } from '../../agents/present.ts';
import type { Env } from '../../core/env.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { moderationParty } from '../safety/moderation.ts';
import { builtInEngine } from '../safety/textJudges.ts';
import { readRefused } from './refusals.ts';

export const deepgramParty = 'deepgram';
export const libreTranslateParty = 'libretranslate';
export const languageModelParty = 'language-model';

type Engine = Omit<EngineSwitch['engines'][number], 'isRefused'>;
interface KindDefinition {
  variable: 'CARMIC_TRANSCRIPTION_ENGINES' | 'CARMIC_TRANSLATION_ENGINES' | 'CARMIC_LANGUAGE_ENGINES' | 'CARMIC_SAFETY_ENGINES';
  engines: (deps: Deps, tx: Tx) => Promise<Engine[]>;
  /** The order where nobody chose one; every engine by default. */
  defaultOrder?: (env: Env) => string[];
}

const isOn = (deps: Deps, party: string) => deps.egress.isOpen(party);
const hostOf = (url: string | undefined) => (url === undefined ? '' : new URL(url).host);

function modelEngine(deps: Deps): Engine {
  const isAvailable = isOn(deps, languageModelParty);
  return {
    name: languageModelParty,
    label: 'Language model',
    isAvailable,
    isExternal: true,
    explanation: isAvailable
      ? `${deps.env.CARMIC_LLM_MODEL} at ${hostOf(deps.env.CARMIC_LLM_URL)}; what is said is sent there.`
      : 'Set CARMIC_LLM_URL and CARMIC_LLM_MODEL to use one.',
  };
}

/** The kinds of work that an engine is chosen for, each with every engine there is, in the order of the default. */
const kinds: Record<EngineKind, KindDefinition> = {
  transcription: {
    variable: 'CARMIC_TRANSCRIPTION_ENGINES',
    async engines(deps, tx) {
      const isServed = await isKindServed(deps, tx, 'transcribe');
      const hasKey = isOn(deps, deepgramParty);
      return [
        {
          name: 'deepgram',
          label: 'Deepgram',
          isAvailable: hasKey,
          isExternal: true,
          explanation: hasKey
            ? `The sound is sent to ${hostOf(deps.env.CARMIC_DEEPGRAM_URL)}; model improvement is opted out of on every request.`
            : 'Set CARMIC_DEEPGRAM_KEY or CARMIC_DEEPGRAM_KEY_FILE to use it.',
        },
        {
          name: 'local',
          label: 'Speech model on an agent',
          isAvailable: isServed,
          isExternal: false,
          explanation: isServed
            ? 'Runs on your machines; nothing leaves them.'
            : 'No agent has a whisper model. Put one into its models folder.',
        },
      ];
    },
  },
  translation: {
    variable: 'CARMIC_TRANSLATION_ENGINES',
    async engines(deps) {
      const isAvailable = isOn(deps, libreTranslateParty);
      return [
        {
          name: libreTranslateParty,
          label: 'LibreTranslate',
          isAvailable,
          isExternal: true,
          explanation: isAvailable
            ? `Sentences are sent to ${hostOf(deps.env.CARMIC_LIBRETRANSLATE_URL)}.`
            : 'Set CARMIC_LIBRETRANSLATE_URL to use a server of yours.',
        },
        modelEngine(deps),
      ];
    },
  },
  language: {
    variable: 'CARMIC_LANGUAGE_ENGINES',
    // Sending what clips say to a model is asked for, never a side effect of translating with one.
    defaultOrder: (env) => (env.CARMIC_LLM_CLIPS === 'on' ? [languageModelParty, builtInEngine] : [builtInEngine]),
    engines: async (deps) => [
      modelEngine(deps),
      builtIn('Built-in rules', 'Titles and order come from the clip’s own words; nothing leaves your machines.'),
    ],
  },
  safety: {
    variable: 'CARMIC_SAFETY_ENGINES',
    async engines(deps) {
      const isAvailable = isOn(deps, moderationParty);
      return [
        {
          name: moderationParty,
          label: 'Moderation endpoint',
          isAvailable,
          isExternal: true,
          explanation: isAvailable
            ? `What is said is sent to ${hostOf(deps.env.CARMIC_MODERATION_URL)} in passages.`
            : 'Set CARMIC_MODERATION_URL to use one that speaks the protocol of OpenAI’s moderation.',
        },
        builtIn('Built-in classifier', 'Reads English; nothing leaves your machines. Pictures are judged by the agents in any case.'),
      ];
    },
  },
};

function builtIn(label: string, explanation: string): Engine {
  return { name: builtInEngine, label, isAvailable: true, isExternal: false, explanation };
}

/** The order that the environment sets for a kind; null where it sets none. `none` is an empty order: off. */
function orderOfEnvironment(env: Env, variable: KindDefinition['variable']): string[] | null {
  const value = env[variable];
  return value === undefined
    ? null
    : value
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && name !== 'none');
}

type Orders = Partial<Record<EngineKind, string[]>>;
const settingName = 'engine_orders';

/** The orders kept for the installation. */
export async function instanceOrders(deps: Deps, tx: Tx): Promise<Orders> {
  const [row] = await deps.db.rows<{ value: Orders }>(tx, 'SELECT value FROM instance_settings WHERE name = :settingName', { settingName });
  return row?.value ?? {};
}

async function workspaceOrders(deps: Deps, tx: Tx, workspaceId: string): Promise<Orders> {
  const [row] = await deps.db.rows<{ engine_orders: Orders }>(tx, 'SELECT engine_orders FROM workspaces WHERE id = :workspaceId', {
    workspaceId,
  });
  return row?.engine_orders ?? {};
}

/** The order that a workspace keeps for one kind of work; null where it follows the installation. */
export const readWorkspaceOrder = async (deps: Deps, tx: Tx, workspaceId: string, kind: EngineKind): Promise<string[] | null> =>
  (await workspaceOrders(deps, tx, workspaceId))[kind] ?? null;

/** The order that the installation keeps for one kind of work; null where the default holds. */
export const readInstanceOrder = async (deps: Deps, tx: Tx, kind: EngineKind): Promise<string[] | null> =>
  (await instanceOrders(deps, tx))[kind] ?? null;

/** Everything about one kind of work for a workspace. */
export async function readSwitch(deps: Deps, tx: Tx, workspaceId: string | null, kind: EngineKind): Promise<EngineSwitch> {
  const { variable, defaultOrder } = kinds[kind];
  const refused = workspaceId === null ? null : await readRefused(deps, tx, workspaceId);
  // An engine of another host goes by the name of its third party.
  const engines = (await kinds[kind].engines(deps, tx)).map((engine) =>
    engine.isExternal && refused?.has(engine.name) === true
      ? {
          ...engine,
          isRefused: true,
          isAvailable: false,
          explanation: 'The owners of this workspace do not allow it: nothing is sent there.',
        }
      : { ...engine, isRefused: false },
  );
  const environment = orderOfEnvironment(deps.env, variable);
  const workspaceOrder = workspaceId === null ? null : await readWorkspaceOrder(deps, tx, workspaceId, kind);
  const instanceOrder = await readInstanceOrder(deps, tx, kind);
  const [order, decidedBy] =
    environment !== null
      ? ([environment, 'environment'] as const)
      : workspaceOrder !== null
        ? ([workspaceOrder, 'workspace'] as const)
        : instanceOrder !== null
          ? ([instanceOrder, 'instance'] as const)
          : ([defaultOrder?.(deps.env) ?? engines.map(({ name }) => name), 'default'] as const);
  return { kind, engines, order: [...order], decidedBy, instanceOrder, workspaceOrder, variable };
}

/** The engines to try for a workspace, in order: chosen and there. */
export async function enginesFor(deps: Deps, tx: Tx, workspaceId: string | null, kind: EngineKind): Promise<string[]> {
  const { order, engines } = await readSwitch(deps, tx, workspaceId, kind);
  const chosen = order.filter((name) => engines.some((engine) => engine.name === name && engine.isAvailable));
  // Who refuses the classifier of another host is judged by ours: a refusal is no way around the rules.
  const isJudgeRefused = kind === 'safety' && engines.some(({ isRefused, name }) => isRefused && order.includes(name));
  return chosen.length === 0 && isJudgeRefused ? [builtInEngine] : chosen;
}

/** Keeps an order for the installation; null forgets it. */
export async function keepInstanceOrder(deps: Deps, tx: Tx, kind: EngineKind, order: string[] | null): Promise<void> {
  const change =
    order === null ? 'instance_settings.value - :kind' : 'instance_settings.value || jsonb_build_object(:kind, CAST(:order AS jsonb))';
  await deps.db.change(
    tx,
    `INSERT INTO instance_settings (name, value)
     VALUES (:settingName, ${order === null ? "'{}'::jsonb" : 'jsonb_build_object(:kind, CAST(:order AS jsonb))'})
     ON CONFLICT (name) DO UPDATE SET value = ${change}`,
    { settingName, kind, order: JSON.stringify(order ?? []) },
  );
}

/** Keeps an order for a workspace; null follows the installation again. */
export async function keepWorkspaceOrder(deps: Deps, tx: Tx, workspaceId: string, kind: EngineKind, order: string[] | null): Promise<void> {
  const change = order === null ? 'engine_orders - :kind' : 'engine_orders || jsonb_build_object(:kind, CAST(:order AS jsonb))';
  await deps.db.change(tx, `UPDATE workspaces SET engine_orders = ${change} WHERE id = :workspaceId`, {
    workspaceId,
    kind,
    order: JSON.stringify(order ?? []),
  });
}
