import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnv } from './env.ts';
import { StartError } from './errors.ts';

const directory = mkdtempSync(join(tmpdir(), 'carmic-env-'));
const needed = { CARMIC_DATABASE_URL: 'postgres://app@localhost/x', CARMIC_DATA_DIR: '/data', CARMIC_ROOT_KEY_FILE: '/key' };

describe('readEnv', () => {
  test('names every mistake at once', () => {
    expect(() => readEnv({ CARMIC_PORT: '70000' })).toThrow(/CARMIC_DATABASE_URL[\s\S]*CARMIC_DATA_DIR[\s\S]*CARMIC_PORT/);
  });
  test('takes a secret from the file that FOO_FILE names', () => {
    const file = join(directory, 'key');
    writeFileSync(file, 'dg-secret\n');
    expect(readEnv({ ...needed, CARMIC_DEEPGRAM_KEY_FILE: file }).CARMIC_DEEPGRAM_KEY).toBe('dg-secret');
    expect(() => readEnv({ ...needed, CARMIC_DEEPGRAM_KEY_FILE: join(directory, 'missing') })).toThrow(StartError);
  });
  test('treats an empty variable as one that is not set', () => {
    expect(readEnv({ ...needed, CARMIC_DEEPGRAM_KEY: '' }).CARMIC_DEEPGRAM_KEY).toBeUndefined();
  });
  test('takes prices of engines, and says how they are written', () => {
    const prices = 'deepgram=0.26/hour, language-model=2/million';
    expect(readEnv({ ...needed, CARMIC_ENGINE_PRICES: prices }).CARMIC_ENGINE_PRICES).toBe(prices);
    for (const wrong of ['deepgram=0.26', 'deepgram=free/hour', 'deepgram=1/day', '=1/hour']) {
      expect(() => readEnv({ ...needed, CARMIC_ENGINE_PRICES: wrong }), wrong).toThrow(/CARMIC_ENGINE_PRICES[\s\S]*deepgram=0\.26\/hour/);
    }
  });
  test('refuses a shifted clock in production mode and allows it in test mode', () => {
    expect(() => readEnv({ ...needed, CARMIC_CLOCK_OFFSET_MS: '1000' })).toThrow(/production/);
    expect(readEnv({ ...needed, CARMIC_MODE: 'test', CARMIC_CLOCK_OFFSET_MS: '1000' }).CARMIC_CLOCK_OFFSET_MS).toBe(1000);
  });
  test('refuses placeholders in the place of secrets in production mode, passwords of addresses among them', () => {
    for (const value of ['changeme', 'change-me', 'PLEASE_CHANGE_ME', '<your key>', '${KEY}', 'your-api-key', 'xxxx', 'secret']) {
      expect(() => readEnv({ ...needed, CARMIC_DEEPGRAM_KEY: value }), value).toThrow(/CARMIC_DEEPGRAM_KEY still holds a placeholder/);
    }
    expect(() => readEnv({ ...needed, CARMIC_DATABASE_URL: 'postgres://app:change_me@db/x' })).toThrow(/CARMIC_DATABASE_URL/);
    expect(readEnv({ ...needed, CARMIC_DATABASE_URL: 'postgres://app:rf8JdW2m@db/x' }).CARMIC_DATABASE_URL).toContain('rf8JdW2m');
    expect(readEnv({ ...needed, CARMIC_MODE: 'test', CARMIC_DEEPGRAM_KEY: 'changeme' }).CARMIC_DEEPGRAM_KEY).toBe('changeme');
  });
});
