import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { saveFrom } from './saveFrom.ts';
import { saveJson } from './saveJson.ts';

describe('files that the browser saves', () => {
  const clicked: { href: string; download: string }[] = [];
  const blobs: Blob[] = [];
  const givenUp: string[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('document', {
      createElement: () => {
        const link = { href: '', download: 'none', click: () => clicked.push({ href: link.href, download: link.download }) };
        return link;
      },
    });
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => `blob:${blobs.push(blob as Blob)}`);
    vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => void givenUp.push(url));
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    clicked.length = 0;
  });

  it('keep their address for a minute, in which somebody may be asked where to save them', async () => {
    saveJson('receipt.json', { id: 7 });
    expect(clicked).toEqual([{ href: 'blob:1', download: 'receipt.json' }]);
    expect(blobs[0]?.type).toBe('application/json;charset=utf-8');
    expect(await blobs[0]?.text()).toBe('{\n  "id": 7\n}\n');
    vi.advanceTimersByTime(59_000);
    expect(givenUp).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(givenUp).toEqual(['blob:1']);
  });

  it('are called as the server says where they come from one', () => {
    saveFrom('/api/v1/usage/statements/2026-11');
    expect(clicked).toEqual([{ href: '/api/v1/usage/statements/2026-11', download: '' }]);
  });
});
