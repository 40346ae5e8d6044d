import { describe, expect, it } from 'vitest';
import { readRecords, removeRecord, saveRecord, type UploadRecord } from './records.ts';

function buildStore(initial?: string) {
  let text: string | null = initial ?? null;
  return {
    getItem: () => text,
    setItem: (_key: string, value: string) => {
      text = value;
    },
  };
}

const record: UploadRecord = { uploadId: 'u1', videoId: 'v1', fileName: 'a.mp4', title: 'a', sizeBytes: 10, lastModified: 1 };

describe('records of unfinished uploads', () => {
  it('come back as they were saved, once each', () => {
    const store = buildStore();
    saveRecord(store, record);
    saveRecord(store, { ...record, uploadId: 'u2' });
    saveRecord(store, { ...record, title: 'b' });
    expect(readRecords(store)).toEqual([
      { ...record, uploadId: 'u2' },
      { ...record, title: 'b' },
    ]);
    removeRecord(store, 'u1');
    expect(readRecords(store)).toEqual([{ ...record, uploadId: 'u2' }]);
  });

  it('leave out whatever else was found under the key', () => {
    expect(readRecords(buildStore('nonsense'))).toEqual([]);
    expect(readRecords(buildStore('{"a":1}'))).toEqual([]);
    expect(readRecords(buildStore(JSON.stringify([null, 3, { uploadId: 'u' }, record])))).toEqual([record]);
  });

  it('do without a storage that is full', () => {
    const store = {
      getItem: () => null,
      setItem: () => {
        throw new Error('QuotaExceededError');
      },
    };
    expect(() => saveRecord(store, record)).not.toThrow();
  });
});
