import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A whisper model found on disk. */
export interface ModelFile {
  name: string;
  path: string;
  sizeBytes: number;
  /** Hears English only. */
  isEnglishOnly: boolean;
}

const ggmlMagic = 0x67676d6c;
const ggufMagic = 0x46554747;

async function hasModelMagic(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(4);
    const { bytesRead } = await file.read(head, 0, 4, 0);
    return bytesRead === 4 && [ggmlMagic, ggufMagic].includes(head.readUInt32LE(0));
  } finally {
    await file.close();
  }
}

/** Lists the whisper models of a folder, largest first; a folder that does not exist has none. Voice detectors (silero) are no models. */
export async function listModelFiles(modelsDir: string | null): Promise<ModelFile[]> {
  if (modelsDir === null) {
    return [];
  }
  let names: string[];
  try {
    names = await readdir(modelsDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw error;
  }
  const models: ModelFile[] = [];
  for (const name of names.filter((candidate) => /^(ggml-.*\.bin|.*\.gguf)$/.test(candidate) && !/silero|vad/i.test(candidate)).sort()) {
    const path = join(modelsDir, name);
    const { size } = await stat(path);
    if (await hasModelMagic(path)) {
      models.push({ name, path, sizeBytes: size, isEnglishOnly: /\.en[.-]/.test(name) });
    }
  }
  return models.sort((a, b) => b.sizeBytes - a.sizeBytes || (a.name < b.name ? -1 : 1));
}

/** Picks the largest model that can hear the language; null language wants one that knows many. */
export function chooseModel(models: readonly ModelFile[], language: string | null): ModelFile | null {
  const primary = language?.toLowerCase().split('-')[0] ?? null;
  const isEnglish = primary === 'en';
  const many = models.filter((model) => !model.isEnglishOnly);
  if (isEnglish) {
    return models[0] ?? null;
  }
  return many[0] ?? (primary === null ? (models[0] ?? null) : null);
}
