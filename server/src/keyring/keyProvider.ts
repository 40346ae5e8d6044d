/**
 * Root keys: what wraps the keys of workspaces and the instance's own secret. Keeps: S1.
 *
 * A root key is a line of a file or a key that never leaves a key service; whoever holds one of these interfaces sees wrapped keys and opened
 * ones, never the root key. An envelope names the root key that made it, so that it is always known what still hangs on a former one.
 */

/** A key of ours, wrapped by a root key. */
export interface KeyEnvelope {
  /** Names the root key: `file:<id>` or `vault:<mount>/<key>:v<version>`. */
  keyId: string;
  wrapped: string;
}

/** One kind of root key. Every method throws KeyError. */
export interface KeyProvider {
  readonly kind: 'file' | 'vault';
  /** The root key under which new envelopes are made. */
  currentKeyId(): Promise<string>;
  wrap(plain: Uint8Array): Promise<KeyEnvelope>;
  unwrap(envelope: KeyEnvelope): Promise<Buffer>;
  /** Puts an envelope under the current root key; the wrapped key stays the same. */
  rewrap(envelope: KeyEnvelope): Promise<KeyEnvelope>;
}

/**
 * `unknown_key`: the envelope was made by a root key that is not here. `damaged`: it does not open. `refused`: the key service does not let us
 * in. `unavailable`: it is sealed, slow or away, which may pass.
 */
export type KeyErrorCode = 'unknown_key' | 'damaged' | 'refused' | 'unavailable';

/** An error of root keys; `message` is a sentence for the operator and holds no secret. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** All root keys of an installation: the current kind, and the one that was used before it. */
export function createRootKeys(current: KeyProvider, former: KeyProvider | null): KeyProvider {
  const providerOf = (envelope: KeyEnvelope): KeyProvider => {
    const found = [current, former].find((provider) => provider !== null && envelope.keyId.startsWith(`${provider.kind}:`));
    if (!found) {
      throw new KeyError(
        'unknown_key',
        `This was wrapped under ${envelope.keyId}, and no root key of that kind is configured: set ${envelope.keyId.startsWith('vault:') ? 'CARMIC_VAULT_URL' : 'CARMIC_ROOT_KEY_FILE'} as it was then.`,
      );
    }
    return found;
  };
  return {
    kind: current.kind,
    currentKeyId: () => current.currentKeyId(),
    wrap: (plain) => current.wrap(plain),
    unwrap: async (envelope) => providerOf(envelope).unwrap(envelope),
    async rewrap(envelope) {
      const provider = providerOf(envelope);
      return provider === current ? current.rewrap(envelope) : current.wrap(await provider.unwrap(envelope));
    },
  };
}
