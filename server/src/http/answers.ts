import type { Context } from 'koa';
import { contentDisposition } from '../storage/contentDisposition.ts';
import type { EventStream, FileAnswer } from './request.ts';

/** Answers that are not JSON: downloads, and streams of server-sent events. */
export function buildAnswers(context: Context): {
  lastEventId: string;
  sendFile(file: FileAnswer): void;
  openStream(): EventStream;
  redirect(url: string): void;
} {
  return {
    lastEventId: context.get('last-event-id'),
    sendFile({ name, type, body, sizeBytes }) {
      context.set('cache-control', 'no-store');
      context.set('content-disposition', contentDisposition(name));
      context.type = type;
      context.body = body;
      if (sizeBytes !== undefined) {
        context.length = sizeBytes;
      }
    },
    redirect(url) {
      context.set('cache-control', 'no-store');
      context.status = 303;
      context.redirect(url);
    },
    openStream() {
      const { res } = context;
      context.respond = false;
      res.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      });
      return { write: (text) => void res.write(text), end: () => void res.end() };
    },
  };
}
