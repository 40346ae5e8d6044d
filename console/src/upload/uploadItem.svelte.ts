import type { Upload, Video, VideoOptions } from '@carmic/contract';
import { newKey } from '../api/client.ts';
import type { FileHandle } from './fileHandles.ts';
import { bytesOf, missingParts, planParts } from './planParts.ts';
import { RateMeter } from './rateMeter.ts';
import type { UploadRecord } from './records.ts';

export type UploadState = 'preparing' | 'queued' | 'uploading' | 'paused' | 'reconnecting' | 'needsFile' | 'finishing' | 'done' | 'failed';

interface Given {
  file: File | null;
  handle: FileHandle | null;
  captions: File | null;
  options: Partial<VideoOptions>;
}

/** One upload as the page shows it. */
export class UploadItem {
  readonly key = newKey();
  fileName = $state('');
  title = $state('');
  sizeBytes = $state(0);
  state = $state<UploadState>('queued');
  sentBytes = $state(0);
  bytesPerSecond = $state<number | null>(null);
  secondsLeft = $state<number | null>(null);
  error = $state('');
  videoId = $state<string | null>(null);
  /** The subtitles were refused; going on means going on without them. */
  hasRefusedCaptions = $state(false);
  /** The upload no longer exists on the server and cannot go on. */
  isLost = $state(false);
  uploadId: string | null = null;
  file: File | null;
  handle: FileHandle | null;
  captions: File | null;
  readonly options: Partial<VideoOptions>;
  #lastModified = 0;
  #abort = new AbortController();
  readonly #meter = new RateMeter();

  constructor(given: Given) {
    this.file = given.file;
    this.handle = given.handle;
    this.captions = given.captions;
    this.options = given.options;
    if (given.file) {
      this.fileName = given.file.name;
      this.title = given.file.name.replace(/\.[^.]+$/, '') || given.file.name;
      this.sizeBytes = given.file.size;
      this.#lastModified = given.file.lastModified;
    }
  }

  static fromRecord(record: UploadRecord, handle: FileHandle | null): UploadItem {
    const item = new UploadItem({ file: null, handle, captions: null, options: {} });
    item.fileName = record.fileName;
    item.title = record.title;
    item.sizeBytes = record.sizeBytes;
    item.uploadId = record.uploadId;
    item.videoId = record.videoId;
    item.#lastModified = record.lastModified;
    item.state = handle ? 'paused' : 'needsFile';
    return item;
  }

  /** Share of the file that has arrived, 0 to 1. */
  get share(): number {
    return this.sizeBytes === 0 ? 0 : Math.min(1, this.sentBytes / this.sizeBytes);
  }

  /** Whether leaving the page would interrupt something. */
  get isActive(): boolean {
    return ['preparing', 'queued', 'uploading', 'reconnecting', 'finishing'].includes(this.state);
  }

  /** Starts an attempt: whatever ran before is stopped. */
  begin(): AbortSignal {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#meter.reset();
    this.state = 'queued';
    this.error = '';
    this.hasRefusedCaptions = false;
    return this.#abort.signal;
  }

  stop(): void {
    this.#abort.abort();
    this.#meter.reset();
    this.bytesPerSecond = null;
    this.secondsLeft = null;
  }

  created(video: Video, upload: Upload): void {
    this.videoId = video.id;
    this.uploadId = upload.id;
    this.title = video.title;
  }

  setStored(upload: Upload): void {
    const parts = planParts(upload);
    const missing = missingParts(parts, new Set(upload.storedParts.map((part) => part.partNumber)));
    this.sentBytes = upload.sizeBytes - bytesOf(missing);
  }

  sent(totalBytes: number, nowMs: number): void {
    this.#meter.add(totalBytes, nowMs);
    this.sentBytes = totalBytes;
    this.bytesPerSecond = this.#meter.bytesPerSecond();
    this.secondsLeft = this.#meter.secondsLeft(this.sizeBytes - totalBytes);
    if (this.state === 'uploading' && totalBytes >= this.sizeBytes) {
      this.state = 'finishing';
    }
  }

  waiting(isWaiting: boolean): void {
    if (isWaiting) {
      this.state = 'reconnecting';
      this.bytesPerSecond = null;
      this.secondsLeft = null;
      this.#meter.reset();
    } else if (this.state === 'reconnecting') {
      this.state = 'uploading';
    }
  }

  record(): UploadRecord {
    return {
      uploadId: this.uploadId ?? '',
      videoId: this.videoId ?? '',
      fileName: this.fileName,
      title: this.title,
      sizeBytes: this.sizeBytes,
      lastModified: this.#lastModified,
    };
  }
}
