/** The XML that S3 speaks: what is read is checked, what is written is built from known values only. */
import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';

const lists = new Set([
  'Contents',
  'Version',
  'DeleteMarker',
  'Upload',
  'Part',
  'Error',
  'Rule',
  'CORSRule',
  'AllowedOrigin',
  'AllowedMethod',
  'AllowedHeader',
  'ExposeHeader',
  'Grant',
]);
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: true,
  isArray: (name, path) => lists.has(name) && String(path).includes('.'),
});

/** Reads a document whose root element is `root`. Throws when it has another form. */
export function readXml<T>(text: string, root: string, schema: z.ZodType<T>): T {
  const document: unknown = parser.parse(text);
  const content = (document as Record<string, unknown>)[root];
  return schema.parse(content === '' || content === undefined ? {} : content);
}

const errorSchema = z.object({ Error: z.object({ Code: z.string(), Message: z.string().default('') }) });

/** The error a document holds; null when it holds none. */
export function readError(text: string): { code: string; message: string } | null {
  if (!text.includes('<Error>')) {
    return null;
  }
  const parsed = errorSchema.safeParse(parser.parse(text));
  return parsed.success ? { code: parsed.data.Error.Code, message: parsed.data.Error.Message } : null;
}

/** Writes text into an element. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
