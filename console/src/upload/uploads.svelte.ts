import type { Upload, Video, VideoOptions } from '@carmic/contract';
import { ApiError, type Call, isGone, messageOf } from '../api/client.ts';
import type { Messages } from '../messages/en.ts';
import type { Library } from '../state/library.svelte.ts';
import type { Toasts } from '../state/toasts.svelte.ts';
import { type FileHandle, fileOf, findHandle, removeHandle, saveHandle } from './fileHandles.ts';
import { planParts } from './planParts.ts';
import { PartError, putPartByXhr } from './putPart.ts';
import { readRecords, removeRecord, saveRecord } from './records.ts';
import { FileChangedError, retryPauseMs, sendFile } from './sendFile.ts';
import { buildSha256, type Sha256 } from './sha256.ts';
import { Slots } from './slots.ts';
import { readBase64 } from './readBase64.ts';
import { UploadItem } from './uploadItem.svelte.ts';

export interface NewUpload {
  file: File;
  handle: FileHandle | null;
  captions: File | null;
  options: Partial<VideoOptions>;
}

interface Deps {
  call: Call;
  t: Messages;
  toasts: Toasts;
  library: Library;
}

const filesAtOnce = 2;
const connectionsAtOnce = 4;

/** All uploads of this page. They run on while pages change, and are found again after a reload. */
export class Uploads {
  items = $state.raw<readonly UploadItem[]>([]);
  readonly #deps: Deps;
  readonly #sha256: Sha256 = buildSha256();
  readonly #fileSlots = new Slots(filesAtOnce);
  readonly #connections = new Slots(connectionsAtOnce);

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get isBusy(): boolean {
    return this.items.some((item) => item.isActive);
  }

  find(videoId: string): UploadItem | undefined {
    return this.items.find((item) => item.videoId === videoId);
  }

  add(files: readonly NewUpload[]): void {
    const items = files.map((given) => new UploadItem(given));
    this.items = [...this.items, ...items];
    for (const item of items) {
      void this.#run(item);
    }
  }

  /** Finds the uploads this browser had not finished, and lists them with what they need to go on. */
  async restore(): Promise<void> {
    for (const record of readRecords(localStorage)) {
      if (this.items.some((item) => item.uploadId === record.uploadId)) {
        continue;
      }
      try {
        const upload = await this.#deps.call('getUpload', { params: { id: record.uploadId } });
        if (upload.state !== 'open') {
          this.#forget(record.uploadId);
          continue;
        }
        const item = UploadItem.fromRecord(record, await findHandle(record.uploadId));
        item.setStored(upload);
        this.items = [...this.items, item];
      } catch (error) {
        if (isGone(error)) {
          this.#forget(record.uploadId);
        }
      }
    }
  }

  /** Takes up an unfinished upload that this browser has no record of. */
  async adopt(video: Video, file: File): Promise<void> {
    if (!video.uploadId) {
      return;
    }
    let item = this.find(video.id);
    if (!item) {
      item = UploadItem.fromRecord(
        {
          uploadId: video.uploadId,
          videoId: video.id,
          fileName: video.fileName,
          title: video.title,
          sizeBytes: video.sizeBytes,
          lastModified: file.lastModified,
        },
        null,
      );
      this.items = [...this.items, item];
    }
    await this.provideFile(item, file);
  }

  pause(item: UploadItem): void {
    item.stop();
    item.state = 'paused';
  }

  /** Goes on with a paused or failed upload; needs a click, because the browser may ask for permission to read the file. */
  async resume(item: UploadItem): Promise<void> {
    if (!item.file && item.handle) {
      item.file = await fileOf(item.handle);
    }
    if (!item.file) {
      item.state = 'needsFile';
      return;
    }
    await this.#run(item);
  }

  /** Goes on with the file that was chosen again, after checking that it is the same one. */
  async provideFile(item: UploadItem, file: File): Promise<void> {
    item.error = '';
    if (file.size !== item.sizeBytes) {
      item.error = this.#deps.t.uploads.otherFile(item.fileName);
      return;
    }
    item.state = 'preparing';
    try {
      if (!(await this.#isSameContent(item, file))) {
        item.state = 'needsFile';
        item.error = this.#deps.t.uploads.otherContent;
        return;
      }
    } catch (error) {
      this.#failed(item, error);
      return;
    }
    item.file = file;
    await this.#run(item);
  }

  async cancel(item: UploadItem): Promise<void> {
    item.stop();
    const { library, toasts, t } = this.#deps;
    if (item.uploadId && item.videoId) {
      try {
        await library.deleteVideo(item.videoId);
      } catch (error) {
        toasts.show(messageOf(error, t), 'bad');
        item.state = 'paused';
        return;
      }
      this.#forget(item.uploadId);
    }
    this.dismiss(item);
  }

  dismiss(item: UploadItem): void {
    this.items = this.items.filter((other) => other !== item);
  }

  clearDone(): void {
    this.items = this.items.filter((item) => item.state !== 'done');
  }

  /** The video was deleted, here or elsewhere: its upload has nowhere to go. */
  videoGone(videoId: string): void {
    const item = this.find(videoId);
    if (item && item.state !== 'done') {
      item.stop();
      if (item.uploadId) {
        this.#forget(item.uploadId);
      }
      this.dismiss(item);
    }
  }

  /** Stops everything at sign-out; what has arrived stays and can be resumed. */
  stopAll(): void {
    for (const item of this.items) {
      item.stop();
    }
    this.items = [];
  }

  async #run(item: UploadItem): Promise<void> {
    const signal = item.begin();
    let release: (() => void) | undefined;
    try {
      release = await this.#fileSlots.take(signal);
      item.state = 'preparing';
      const upload = await this.#openAtLast(item, signal);
      const file = item.file;
      if (!file) {
        item.state = 'needsFile';
        return;
      }
      item.state = 'uploading';
      const video = await sendFile(
        { call: this.#deps.call, putPart: putPartByXhr, sha256: this.#sha256, slots: this.#connections, sleep },
        file,
        upload,
        {
          onSent: (bytes) => item.sent(bytes, performance.now()),
          onWaiting: (isWaiting) => item.waiting(isWaiting),
        },
        signal,
      );
      this.#done(item, video);
    } catch (error) {
      if (!signal.aborted) {
        this.#failed(item, error);
      }
    } finally {
      release?.();
    }
  }

  /** Opens the upload, however often the line is cut meanwhile: by its key a video is announced once. */
  async #openAtLast(item: UploadItem, signal: AbortSignal): Promise<Upload> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#open(item, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof ApiError && error.status === 0 && error.code === 'unavailable')) {
          throw error;
        }
      }
      item.state = 'reconnecting';
      await sleep(retryPauseMs(attempt), signal);
      item.state = 'preparing';
    }
  }

  /** Announces the video, or asks what of it is stored already. */
  async #open(item: UploadItem, signal: AbortSignal): Promise<Upload> {
    const { call, library } = this.#deps;
    let upload: Upload;
    if (item.uploadId) {
      upload = await call('getUpload', { params: { id: item.uploadId } }, { signal });
      if (upload.state === 'aborted') {
        throw new ApiError(410, 'gone', this.#deps.t.uploads.gone);
      }
    } else {
      const created = await call(
        'createVideo',
        { body: { fileName: item.fileName, sizeBytes: item.sizeBytes, options: item.options } },
        { signal, idempotencyKey: item.key },
      );
      upload = created.upload;
      item.created(created.video, upload);
      library.upsert(created.video);
      saveRecord(localStorage, item.record());
      if (item.handle) {
        await saveHandle(upload.id, item.handle);
      }
    }
    item.setStored(upload);
    await this.#sendCaptions(item, upload.videoId, signal);
    return upload;
  }

  async #sendCaptions(item: UploadItem, videoId: string, signal: AbortSignal): Promise<void> {
    const captions = item.captions;
    if (!captions) {
      return;
    }
    const { call, t, toasts } = this.#deps;
    try {
      const { warnings } = await call(
        'putCaptions',
        { params: { id: videoId }, body: { fileName: captions.name, contentBase64: await readBase64(captions) } },
        { signal },
      );
      if (warnings.length > 0) {
        toasts.show(t.uploads.captionsRepaired(captions.name, warnings.length));
      }
      item.captions = null;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429) {
        // Trying the same file again would fail again: going on means going on without it.
        item.captions = null;
        item.hasRefusedCaptions = true;
        throw new ApiError(error.status, error.code, t.uploads.captionsFailed(error.message), error.details);
      }
      throw error;
    }
  }

  #done(item: UploadItem, video: Video): void {
    item.state = 'done';
    item.file = null;
    this.#deps.library.upsert(video);
    if (item.uploadId) {
      this.#forget(item.uploadId);
    }
  }

  #failed(item: UploadItem, error: unknown): void {
    const { t } = this.#deps;
    item.state = 'failed';
    if (error instanceof FileChangedError) {
      item.state = 'needsFile';
      item.file = null;
      item.error = t.uploads.fileChanged;
    } else if (error instanceof PartError) {
      item.error = error.status === 507 ? t.uploads.storageFull : t.uploads.partFailed;
    } else if (isGone(error) && item.uploadId) {
      this.#forget(item.uploadId);
      item.isLost = true;
      item.error = t.uploads.gone;
    } else {
      item.error = messageOf(error, t);
    }
  }

  #forget(uploadId: string): void {
    removeRecord(localStorage, uploadId);
    void removeHandle(uploadId);
  }

  /** Compares the first and last stored parts with the same places of the file. */
  async #isSameContent(item: UploadItem, file: File): Promise<boolean> {
    if (!item.uploadId) {
      return true;
    }
    const upload = await this.#deps.call('getUpload', { params: { id: item.uploadId } });
    item.setStored(upload);
    const parts = planParts(upload);
    const samples = [upload.storedParts[0], upload.storedParts.at(-1)];
    for (const stored of samples) {
      const part = parts.find(({ partNumber }) => partNumber === stored?.partNumber);
      if (stored && part && (await this.#sha256(await file.slice(part.startByte, part.endByte).arrayBuffer())) !== stored.sha256) {
        return false;
      }
    }
    return true;
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      removeEventListener('online', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', onAbort, { once: true });
    // When the network comes back there is no reason to wait any longer.
    addEventListener('online', finish, { once: true });
  });
}
