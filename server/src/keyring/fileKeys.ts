import { createHmac } from 'node:crypto';
import { deriveKey } from '../core/crypto.ts';
import { openBytes, sealBytes } from '../core/sealedBytes.ts';
import { type KeyEnvelope, KeyError, type KeyProvider } from './keyProvider.ts';
import { readRootKeys, rootKeyFileMark } from './rootKeyFile.ts';

interface FileKey {
  id: string;
  key: Buffer;
}

function describeKey(rootKey: Uint8Array): FileKey {
  const id = createHmac('sha256', deriveKey(rootKey, 'keyring/id')).update('carmic').digest('hex').slice(0, 32);
  return { id: `file:${id}`, key: deriveKey(rootKey, 'keyring/wrap') };
}

/** Root keys at hand, the current one first: for tests and for programs that have read the file themselves. */
export function createFixedKeys(rootKeys: () => readonly Uint8Array[]): KeyProvider {
  const known = () => rootKeys().map(describeKey);
  const current = (): FileKey => {
    const [first] = known();
    if (first === undefined) {
      throw new KeyError('unknown_key', 'There is no root key.');
    }
    return first;
  };
  const provider: KeyProvider = {
    kind: 'file',
    currentKeyId: () => Promise.resolve(current().id),
    wrap(plain) {
      const { id, key } = current();
      return Promise.resolve({ keyId: id, wrapped: sealBytes(key, Buffer.from(id), plain).toString('base64') });
    },
    async unwrap({ keyId, wrapped }) {
      const found = known().find(({ id }) => id === keyId);
      if (found === undefined) {
        throw new KeyError('unknown_key', 'The root key is not the one that wrapped this. Put the right key file back.');
      }
      const plain = openBytes(found.key, Buffer.from(keyId), Buffer.from(wrapped, 'base64'));
      if (plain === null) {
        throw new KeyError('damaged', 'A wrapped key was altered or damaged.');
      }
      return plain;
    },
    rewrap: async (envelope: KeyEnvelope) => (envelope.keyId === current().id ? envelope : provider.wrap(await provider.unwrap(envelope))),
  };
  return provider;
}

/** The root keys of a file. It is read again whenever it changes, so that a running server follows its rotation. */
export function createFileKeys(path: string): KeyProvider {
  let mark = rootKeyFileMark(path);
  let rootKeys = readRootKeys(path);
  return createFixedKeys(() => {
    const now = rootKeyFileMark(path);
    if (now !== mark && now !== 'missing') {
      rootKeys = readRootKeys(path);
      mark = now;
    }
    return rootKeys;
  });
}
