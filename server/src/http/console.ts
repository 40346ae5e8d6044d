import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import type { Middleware } from 'koa';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.ttf': 'font/ttf',
};

/** Serves the built console from `directory`. Hashed assets are kept by browsers for a year, the page itself is asked for anew. */
export function createConsole(directory: string): Middleware {
  return async (context, next) => {
    const isRead = context.method === 'GET' || context.method === 'HEAD';
    if (!isRead || context.path.startsWith('/api/') || context.path.startsWith('/storage/')) {
      await next();
      return;
    }
    const path = context.path === '/' ? '/index.html' : normalize(context.path);
    const type = types[extname(path)];
    const file = join(directory, path);
    const facts = type === undefined || path.includes('\0') || !file.startsWith(directory) ? null : await stat(file).catch(() => null);
    if (type === undefined || facts === null || !facts.isFile()) {
      await next();
      return;
    }
    context.type = type;
    context.length = facts.size;
    context.set('cache-control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    context.body = context.method === 'HEAD' ? null : createReadStream(file);
    context.status = 200;
  };
}
