import type { BodySource } from './disk/storePart.ts';
import type { ObjectStore, PresignGetOptions, StoredInfo, StoredPart } from './objectStore.ts';
import type { UrlSigner } from './signing.ts';

/** What a PUT to a signed URL brings. */
export interface ReceiveRequest {
  contentType: string;
  maxBytes: number;
  body: BodySource;
  /** Called when the body is complete and before it can be seen; throwing here keeps nothing. */
  beforeCommit: () => Promise<void>;
}

/** Takes the bodies of PUTs to our own signed URLs. */
export interface SignedWriter {
  receive(key: string, request: ReceiveRequest): Promise<StoredInfo>;
  receivePart(key: string, uploadId: string, part: { partNumber: number; sha256: string; body: BodySource }): Promise<StoredPart>;
}

/** A store with signed URLs under `/storage/v1/` that this server answers. */
export interface ServedStore extends ObjectStore {
  readonly signer: UrlSigner;
  /** Null when nobody writes through this server. */
  readonly writer: SignedWriter | null;
  /** Where a reader is sent on to; null when the bytes come through this server. */
  redirect(method: 'GET' | 'HEAD', key: string, options: PresignGetOptions): Promise<string | null>;
}
