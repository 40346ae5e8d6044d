/**
 * Lint rule: imports point one way only (ARCHITECTURE.md, "Layout"). A folder may import from folders below it, never from one above
 * or beside it. `deps.ts` is a list of types, which everybody above the database may name; nobody runs code from it.
 */
import { dirname, relative, resolve, sep } from 'node:path';

/** Folders and files of server/src from the bottom up; those of one line stand beside each other. */
const serverLayers = [
  ['core'],
  ['db'],
  ['events', 'egress'],
  ['keyring'],
  ['storage', 'jobs', 'mail'],
  ['http'],
  ['accounts'],
  ['plans'],
  ['library'],
  ['agents'],
  ['understanding'],
  ['clips'],
  ['retention'],
  ['billing'],
  ['privacy'],
  ['webhooks', 'admin'],
  ['logFields.ts'],
  ['dataMap.ts'],
  ['watchdog.ts'],
  ['pipeline.ts'],
  ['instance.ts'],
  ['buildDeps.ts'],
  ['main.ts'],
  ['operate'],
];

/** What may be imported from each part of the repository, beside the part itself. `server/src` has its layers on top of this. */
const parts = {
  'server/contract': [],
  captions: ['server/contract'],
  'server/src': ['server/contract', 'captions'],
  'gpu-agent': ['server/contract', 'captions'],
  console: ['server/contract', 'captions'],
  start: ['server/contract', 'server/src'],
  scripts: ['server/contract', 'server/src', 'start'],
};

const packageParts = {
  '@carmic/contract': 'server/contract',
  '@carmic/captions': 'captions',
  '@carmic/captions/node': 'captions',
  '@carmic/server': 'server/src',
  '@carmic/gpu-agent': 'gpu-agent',
  '@carmic/console': 'console',
};

/** Packages that one place wraps, so that it can be replaced there. */
const wrapped = {
  agenda: 'server/src/jobs',
  '@agendajs/postgres-backend': 'server/src/jobs',
  '@deepgram/sdk': 'server/src/understanding',
  stripe: 'server/src/billing',
};

/** @type {import('eslint').Rule.RuleModule} */
export const importDirection = {
  meta: {
    type: 'problem',
    docs: { description: 'imports point one way only' },
    schema: [{ type: 'object', properties: { root: { type: 'string' } }, required: ['root'], additionalProperties: false }],
    messages: {
      part: '"{{from}}" may not import from "{{to}}".',
      layer: '"{{from}}" stands below or beside "{{to}}" and may not import from it. Say it as an event, or move the code down.',
      deps: 'deps.ts is a list of types: import it with "import type".',
      wrapped: '"{{to}}" is imported by {{home}} only.',
      bare: 'The contract imports zod and nothing else, not "{{to}}".',
    },
  },
  create(context) {
    const root = context.options[0].root;
    const file = relative(root, context.filename).split(sep).join('/');
    const part = partOf(file);
    if (part === undefined || /\.test\.ts$/.test(file)) {
      return {};
    }
    const check = (node) => {
      if (node.source === null || node.source === undefined || typeof node.source.value !== 'string') {
        return;
      }
      const problem = judge({
        root,
        file,
        part,
        name: node.source.value,
        isType: node.importKind === 'type' || node.exportKind === 'type',
      });
      if (problem !== null) {
        context.report({ node, ...problem });
      }
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};

/** What is wrong with one import, or null. */
function judge({ root, file, part, name, isType }) {
  if (!name.startsWith('.')) {
    return judgePackage(file, part, name);
  }
  const target = relative(root, resolve(root, dirname(file), name))
    .split(sep)
    .join('/');
  const targetPart = partOf(target) ?? target.split('/')[0];
  if (targetPart !== part && !parts[part].includes(targetPart)) {
    return { messageId: 'part', data: { from: part, to: targetPart } };
  }
  if (part === 'server/src' && targetPart === 'server/src') {
    return judgeLayer(file, target, isType);
  }
  return null;
}

function judgePackage(file, part, name) {
  const target = packageParts[name];
  if (target !== undefined && target !== part && !parts[part].includes(target)) {
    return { messageId: 'part', data: { from: part, to: name } };
  }
  const home = wrapped[name];
  if (home !== undefined && part === 'server/src' && !file.startsWith(`${home}/`)) {
    return { messageId: 'wrapped', data: { to: name, home } };
  }
  return part === 'server/contract' && name !== 'zod' ? { messageId: 'bare', data: { to: name } } : null;
}

function judgeLayer(file, target, isType) {
  const [from, to] = [layerName(file), layerName(target)];
  if (from === to) {
    return null;
  }
  if (to === 'deps.ts') {
    return isType ? null : { messageId: 'deps' };
  }
  if (from === 'deps.ts') {
    return isType ? null : { messageId: 'deps' };
  }
  return layerIndex(to) < layerIndex(from) ? null : { messageId: 'layer', data: { from, to } };
}

function partOf(file) {
  return Object.keys(parts).find((name) => file.startsWith(`${name}/`));
}

/** `server/src/http/bind.ts` is of `http`; `server/src/main.ts` is of itself. */
function layerName(file) {
  return file.split('/')[2];
}

/** A folder that the table does not name stands above all others, so that somebody has to place it. */
function layerIndex(name) {
  const index = serverLayers.findIndex((layer) => layer.includes(name));
  return index === -1 ? serverLayers.length : index;
}
