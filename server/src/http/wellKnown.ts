import { readFileSync } from 'node:fs';
import type { Middleware } from 'koa';
import { errorStatus } from '@carmic/contract';
import type { Deps } from '../deps.ts';

const securityTextDays = 180;

interface Operation {
  operationId: string;
  summary: string;
  description: string;
  tags: readonly string[];
  parameters: readonly { name: string; in: string; required: boolean; description?: string; schema: unknown }[];
  requestBody?: { content: { 'application/json': { schema: unknown; example: unknown } } };
  responses: Record<string, { description: string; content?: { 'application/json'?: { schema: unknown } } }>;
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

const escape = (text: string) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
const json = (value: unknown) => `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;

/** The reference page of the API: plain HTML made from the OpenAPI document once, without any script. */
function buildReference(document: OpenApi, name: string): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0] ?? ''))].sort();
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags[0] === tag);
    return `<h2 id="${escape(tag)}">${escape(tag)}</h2>${own.map(buildOperation).join('')}`;
  });
  const codes = Object.entries(errorStatus).map(([code, status]) => `<tr><td><code>${code}</code></td><td>${status}</td></tr>`);
  const schemas = Object.entries(document.components.schemas).map(
    ([title, schema]) => `<details id="schema-${escape(title)}"><summary><code>${escape(title)}</code></summary>${json(schema)}</details>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>API of ${escape(name)}</title><link rel="stylesheet" href="/docs/style.css"></head><body>
<nav aria-label="Contents">${tags.map((tag) => `<a href="#${escape(tag)}">${escape(tag)}</a>`).join('')}<a href="#errors">errors</a><a href="#schemas">schemas</a></nav>
<main><h1>API of ${escape(name)}</h1>
<p>Send <code>Authorization: Bearer</code> with an API key. Every POST, PUT and PATCH of somebody who is known takes an <code>Idempotency-Key</code>;
answers carry <code>X-Request-Id</code> and <code>RateLimit-*</code>. The document itself: <a href="/openapi.json">openapi.json</a>.</p>
${sections.join('')}
<h2 id="errors">errors</h2><p>Every answer outside 2xx has one form: <code>{"error": {"code", "message", "requestId"}}</code>.</p>
<table><thead><tr><th>code</th><th>status</th></tr></thead><tbody>${codes.join('')}</tbody></table>
<h2 id="schemas">schemas</h2>${schemas.join('')}</main></body></html>`;
}

function buildOperation({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const parameters = operation.parameters.map(
    ({ name, in: place, required, description, schema }) =>
      `<tr><td><code>${escape(name)}</code></td><td>${place}${required ? ', required' : ''}</td><td>${escape(description ?? '')} <code>${escape(JSON.stringify(schema))}</code></td></tr>`,
  );
  const body = operation.requestBody?.content['application/json'];
  const replies = Object.entries(operation.responses)
    .filter(([status]) => status !== 'default')
    .map(([status, reply]) => {
      const schema = reply.content?.['application/json']?.schema;
      return `<h4>${status} ${escape(reply.description)}</h4>${schema === undefined ? '' : json(schema)}`;
    });
  const example = [
    `curl -X ${method} https://carmic.example${path}`,
    '  -H "Authorization: Bearer $CARMIC_KEY"',
    ...(body === undefined
      ? []
      : ['  -H "Content-Type: application/json"', `  -d '${JSON.stringify(body.example ?? {}).replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n');
  return `<details id="${escape(operation.operationId)}"><summary><b class="${method}">${method}</b> <code>${escape(path)}</code> ${escape(operation.summary)}</summary>
<p>${escape(operation.description)}</p>
${parameters.length === 0 ? '' : `<table><tbody>${parameters.join('')}</tbody></table>`}
${body === undefined ? '' : `<h4>Body</h4>${json(body.schema)}`}${replies.join('')}<h4>Example</h4><pre>${escape(example)}</pre></details>`;
}

const style = `:root{color-scheme:light dark;--line:#8884;--soft:#8881}body{margin:0;display:grid;grid-template-columns:14rem minmax(0,1fr);font:15px/1.5 system-ui,sans-serif}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem;box-sizing:border-box;border-right:1px solid var(--line)}nav a{display:block;padding:.15rem 0;color:inherit}
main{padding:1.5rem 2.5rem;max-width:60rem}details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;padding:.5rem .75rem}summary{cursor:pointer}
pre{overflow:auto;background:var(--soft);padding:.75rem;border-radius:6px;max-height:24rem}table{border-collapse:collapse}td,th{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top;overflow-wrap:anywhere}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto;border:0}main{padding:1rem}}`;

/** Serves `/docs`, `/openapi.json` and `/.well-known/security.txt` (RFC 9116). */
export function createWellKnown(deps: Deps): Middleware {
  const text = readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8');
  const page = buildReference(JSON.parse(text) as OpenApi, deps.env.CARMIC_INSTANCE_NAME);
  const pages: Readonly<Record<string, readonly [type: string, body: () => string]>> = {
    '/docs': ['text/html; charset=utf-8', () => page],
    '/docs/style.css': ['text/css; charset=utf-8', () => style],
    '/openapi.json': ['application/json', () => text],
    '/.well-known/security.txt': ['text/plain; charset=utf-8', () => buildSecurityText(deps)],
  };
  return async (context, next) => {
    const found = context.method === 'GET' || context.method === 'HEAD' ? pages[context.path] : undefined;
    if (found === undefined) {
      await next();
      return;
    }
    context.type = found[0];
    context.set('cache-control', 'no-cache');
    context.body = found[1]();
  };
}

function buildSecurityText({ env, clock, baseUrl }: Deps): string {
  const expires = new Date(clock.now().getTime() + securityTextDays * 24 * 3600 * 1000);
  expires.setUTCHours(0, 0, 0, 0);
  return [
    `Contact: ${env.CARMIC_SECURITY_CONTACT}`,
    `Expires: ${expires.toISOString()}`,
    `Canonical: ${baseUrl()}/.well-known/security.txt`,
    'Preferred-Languages: en',
    '',
  ].join('\n');
}
