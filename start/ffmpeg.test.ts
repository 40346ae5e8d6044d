import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFfmpeg, lists, parseVersion } from './ffmpeg.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carmic-ffmpeg-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A stand-in program that answers what an ffmpeg of some kind would. */
function standIn(options: { version?: string; encoders?: string; filters?: string }) {
  const { version = '6.1', encoders = ' V....D libx264 H.264', filters = ' ... ass V->V Render ASS' } = options;
  const script = `#!/bin/sh
case "$*" in
  *-version*) echo "$(basename "$0") version ${version} Copyright";;
  *-encoders*) echo "${encoders}";;
  *-filters*) echo "${filters}";;
esac
`;
  for (const name of ['ffmpeg', 'ffprobe']) {
    writeFileSync(join(folder, name), script);
    chmodSync(join(folder, name), 0o755);
  }
}

function find(env: Record<string, string>) {
  return findFfmpeg({ env: { PATH: '/usr/bin:/bin', ...env }, cacheFile: join(folder, 'cache.json'), isRoot: false, say: () => undefined });
}

describe('versions of ffmpeg', () => {
  test.each([
    ['ffmpeg version 5.1.9-0+deb12u1 Copyright (c)', 5],
    ['ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright', 4],
    ['ffmpeg version n7.0.1 Copyright', 7],
    ['ffmpeg version 8.0-static https://johnvansickle.com', 8],
    ['ffmpeg version N-117000-g1234567 Copyright', Number.POSITIVE_INFINITY],
    ['ffmpeg version 2024-05-02-git-71669f2ad5-full_build', 2024],
  ])('"%s" is of major %d', (output, major) => {
    expect(parseVersion(output)?.major).toBe(major);
  });

  test('another program has none', () => {
    expect(parseVersion('GNU bash, version 5.2')).toBeNull();
  });

  test('a list is searched by whole names', () => {
    expect(lists(' ... bandpass A->A\n T.C subtitles V->V', 'ass')).toBe(false);
    expect(lists(' ... ass V->V', 'ass')).toBe(true);
  });
});

describe('finding ffmpeg', () => {
  test('FFMPEG_PATH may name a folder, and what was found is remembered', async () => {
    standIn({});
    const found = await find({ FFMPEG_PATH: folder });
    expect(found).toMatchObject({ ffmpeg: join(folder, 'ffmpeg'), ffprobe: join(folder, 'ffprobe'), version: '6.1', hasFlite: false });
    await expect(find({ FFMPEG_PATH: folder })).resolves.toEqual(found);
  });

  test('a program that changed is asked again', async () => {
    standIn({});
    await find({ FFMPEG_PATH: folder });
    standIn({ version: '4.4.2-older' });
    await expect(find({ FFMPEG_PATH: folder })).rejects.toThrow('ffmpeg 4.4.2-older');
  });

  test.each([
    ['an old one', { version: '4.4' }, 'needs version 5 or newer'],
    ['one without libx264', { encoders: ' V....D mpeg4 MPEG-4' }, 'without libx264'],
    ['one without libass', { filters: ' ... crop V->V' }, 'without libass'],
  ])('%s is refused with the way out', async (_, options, message) => {
    standIn(options);
    await expect(find({ FFMPEG_PATH: folder })).rejects.toThrow(
      expect.objectContaining({ exitCode: 69, message: expect.stringContaining(message) as string }),
    );
  });

  test('an ordinary user without ffmpeg gets the command that brings it', async () => {
    await expect(find({ PATH: folder })).rejects.toThrow(/ffmpeg is missing.*FFMPEG_PATH/s);
  });

  test('a chosen path that is no program is not silently replaced by another', async () => {
    await expect(find({ FFMPEG_PATH: join(folder, 'nothing') })).rejects.toThrow('there is no program');
  });
});
