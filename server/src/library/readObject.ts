import type { z } from 'zod';
import type { Deps } from '../deps.ts';
import type { StoredObject } from './model.ts';

/** Largest JSON object that is read into memory: about three hours of words. */
const maxJsonBytes = 64 * 1024 * 1024;

/** Reads a stored JSON object and parses it. Throws when it is too large or has another form. */
export async function readJsonObject<T>(deps: Deps, object: Pick<StoredObject, 'key' | 'sizeBytes'>, schema: z.ZodType<T>): Promise<T> {
  if (object.sizeBytes > maxJsonBytes) {
    throw new Error(`The stored ${object.key} has ${object.sizeBytes} bytes, more than is read into memory.`);
  }
  const { stream } = await deps.store.get(object.key);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
  }
  return schema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
}
