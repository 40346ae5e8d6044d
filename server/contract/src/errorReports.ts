/**
 * What may be said of a fault. Keeps: C4. A list of what is allowed, not of what is not: the kind of the error, its code, the places in the program.
 * No message, no values, no address: those are where names, titles and tokens turn up.
 */
import { z } from 'zod';
import { noContentSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';

const typePattern = /^[A-Z][A-Za-z]{0,30}(Error|Failure|Exception)$|^(Error|AbortError|TimeoutError|NotAllowedError)$/;
const codePattern = /^(E[A-Z0-9_]{2,30}|ERR_[A-Z0-9_]{2,40}|[0-9][0-9A-Z]{4}|[a-z]{2,20}(_[a-z]{2,20}){0,3})$/;
const filePattern =
  /^(server\/(src|contract\/src)|gpu-agent\/src|captions\/src|start|assets|node_modules)\/[\w.@/-]{1,150}\.(ts|js|mjs|cjs|svelte)$|^node:[a-z_/]{1,60}$/;
const functionPattern = /^[A-Za-z_$<][\w$.<>]{0,60}$/;
const maxFrames = 30;

const frameSchema = z.object({
  file: z.string().regex(filePattern),
  function: z.string().regex(functionPattern).nullable(),
  line: z.number().int().min(0).max(10_000_000),
  column: z.number().int().min(0).max(10_000_000),
});
/** One fault, as it may be written down and sent. */
export const faultSchema = z.object({
  type: z.string().regex(typePattern),
  code: z.string().regex(codePattern).nullable(),
  frames: z.array(frameSchema).max(maxFrames).describe('The place of the fault first'),
});
export type Fault = z.infer<typeof faultSchema>;
type Frame = Fault['frames'][number];

const ownParts = /(?:^|\/)((?:server\/(?:src|contract\/src)|gpu-agent\/src|captions\/src|node_modules|assets|start)\/[^?#]*)$/;

function frameOf(line: string): Frame | null {
  const match = /^\s+at (?:async )?(?:(.+?) \()?(.+?):(\d+):(\d+)\)?$/.exec(line) ?? /^(.*)@(.+?):(\d+):(\d+)$/.exec(line);
  if (match === null) {
    return null;
  }
  const [, name = '', place = '', row = '0', column = '0'] = match;
  const bare = place.replace(/[?#].*$/, '');
  const file = bare.startsWith('node:') ? bare : (ownParts.exec(bare)?.[1] ?? '');
  const words = name.replace(/^(new|Object\.|Module\.|process\.) ?/, '').replace(/ \[as .*$/, '');
  const frame = { file, function: functionPattern.test(words) ? words : null, line: Number(row), column: Number(column) };
  return frameSchema.safeParse(frame).success ? frame : null;
}

/** The lines of a stack that are places. What the message says may look like one: it is cut off first, and only the last lines that stand together count. */
function framesOf({ stack = '', message = '' }: { stack?: string | undefined; message?: string }): Frame[] {
  const end = message === '' ? -1 : stack.indexOf(message);
  const lines = (end < 0 ? stack : stack.slice(end + message.length)).split('\n');
  const isPlace = (line: string) => /^\s+at .+:\d+:\d+\)?$|^\s+at .*\(?<anonymous>\)?$|@.+:\d+:\d+$/.test(line);
  while (lines.length > 0 && !isPlace(lines.at(-1) ?? '')) {
    lines.pop();
  }
  const start = lines.findLastIndex((line) => !isPlace(line)) + 1;
  return lines
    .slice(start)
    .flatMap((line) => frameOf(line) ?? [])
    .slice(0, maxFrames);
}

/** What may be said of whatever was thrown. */
export function describeFault(thrown: unknown): Fault {
  if (!(thrown instanceof Error)) {
    return { type: 'Error', code: null, frames: [] };
  }
  const { code } = thrown as { code?: unknown };
  const own = [thrown.name, thrown.constructor.name].find((name) => typePattern.test(name));
  return {
    type: own ?? 'Error',
    code: typeof code === 'string' && codePattern.test(code) ? code : null,
    frames: framesOf({ stack: thrown.stack, message: thrown.message }),
  };
}

/** A fault as one line of a log: the same as is sent, and those behind it. */
export function logFault(thrown: unknown, depth = 0): object {
  const { type, code, frames } = describeFault(thrown);
  const cause = thrown instanceof Error && depth < 3 ? thrown.cause : undefined;
  return {
    type,
    ...(code === null ? {} : { code }),
    at: frames.map((frame) => `${frame.function ?? ''} ${frame.file}:${frame.line}:${frame.column}`.trim()),
    ...(cause === undefined ? {} : { cause: logFault(cause, depth + 1) }),
  };
}

/** Reports of faults by the console and by agents, which the server sends on under its own address, where error reports are on. */
export const errorReportRoutes = {
  createErrorReport: route({
    method: 'POST',
    path: '/api/v1/error-reports',
    summary: 'Report a fault of the console: its kind and its places, nothing else',
    policy: 'public',
    body: faultSchema,
    reply: noContentSchema,
    status: 204,
  }),
  createAgentErrorReport: route({
    method: 'POST',
    path: '/api/v1/agent/error-reports',
    summary: 'Report a fault of an agent: its kind and its places, nothing else',
    policy: 'agent',
    body: faultSchema,
    reply: noContentSchema,
    status: 204,
  }),
} as const satisfies Record<string, RouteDefinition>;
