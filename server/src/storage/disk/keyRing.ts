import type { Clock } from '../../core/clock.ts';
import type { KeyProvider } from '../../keyring/keyProvider.ts';
import { keys } from '../keys.ts';
import { createKeyFiles, type KeyFiles, type OwnerKey } from './keyFiles.ts';
import type { WrappingKey } from './wrappingKey.ts';

/** How long a process may go on with a workspace's key before it looks whether there is a newer one. */
export const keyFreshMs = 30_000;
const rememberedOwners = 20_000;

/** Owner of what belongs to no workspace: the journal of deletions, probes, descriptions of open uploads. */
export const instanceOwner = 'instance';

/** Whose key wraps the key of an object. */
export function ownerOf(key: string): string {
  const parsed = keys.parse(key);
  return 'workspaceId' in parsed ? parsed.workspaceId : instanceOwner;
}

/** The keys of all workspaces, opened as they are needed. */
export interface KeyRing {
  readonly files: KeyFiles;
  /** The key that wrapped everything before workspaces had keys. */
  readonly former: WrappingKey;
  /** The newest key of an owner, made when there is none. */
  forWriting(owner: string): Promise<WrappingKey>;
  /** The key that a header names; null when it is not among the owner's. */
  find(owner: string, id: Uint8Array): Promise<WrappingKey | null>;
  /** Every key that may have wrapped something of an owner: to tell an altered name of a key from another installation's file. */
  all(owner: string): Promise<WrappingKey[]>;
  /** The newest key of an owner when it is another than `used`: looked up on the disk, after something was written with `used`. */
  newerThan(owner: string, used: WrappingKey): Promise<WrappingKey | null>;
  /** All versions of an owner as they are on the disk now, the newest last. */
  versions(owner: string): Promise<OwnerKey[]>;
}

interface Known {
  versions: readonly OwnerKey[];
  loadedAtMs: number;
}

/** Opens the ring below `directory`. */
export function createKeyRing(options: {
  directory: string;
  rootKeys: KeyProvider;
  former: WrappingKey;
  newPath: () => string;
  clock: Clock;
}): KeyRing {
  const files = createKeyFiles(options.directory, options.rootKeys, options.newPath);
  const known = new Map<string, Known>();
  const loading = new Map<string, Promise<Known>>();

  const load = async (owner: string): Promise<Known> => {
    const before = known.get(owner)?.versions ?? [];
    const versions: OwnerKey[] = [];
    for (const name of await files.names(owner)) {
      const version = before.find(({ id }) => id.toString('hex') === name) ?? (await files.open(owner, name));
      if (version !== null) {
        versions.push(version);
      }
    }
    versions.sort((a, b) => a.createdAtMs - b.createdAtMs || a.id.compare(b.id));
    const found = { versions, loadedAtMs: performance.now() };
    known.delete(owner);
    known.set(owner, found);
    for (const oldest of known.keys()) {
      if (known.size <= rememberedOwners) {
        break;
      }
      known.delete(oldest);
    }
    return found;
  };
  /** What is on the disk as of now or later: whoever comes while another looks waits for that look and, if it began earlier, for one more. */
  const reload = async (owner: string): Promise<Known> => {
    await loading.get(owner)?.catch(() => undefined);
    const running = loading.get(owner) ?? load(owner).finally(() => loading.delete(owner));
    loading.set(owner, running);
    return running;
  };
  const fresh = async (owner: string): Promise<Known> => {
    const found = known.get(owner);
    return found !== undefined && found.versions.length > 0 && performance.now() - found.loadedAtMs < keyFreshMs ? found : reload(owner);
  };
  const creating = new Map<string, Promise<unknown>>();
  const makeFirst = async (owner: string): Promise<Known> => {
    const running = creating.get(owner) ?? files.create(owner, options.clock.now().getTime()).finally(() => creating.delete(owner));
    creating.set(owner, running);
    await running;
    return reload(owner);
  };
  const newest = async (owner: string, found: Known): Promise<WrappingKey> => {
    const [last] = found.versions.slice(-1);
    return last ?? newest(owner, await makeFirst(owner));
  };
  const matching = (versions: readonly WrappingKey[], id: Uint8Array) => versions.find((version) => version.id.equals(id)) ?? null;
  const ring: KeyRing = {
    files,
    former: options.former,
    forWriting: async (owner) => newest(owner, await fresh(owner)),
    async find(owner, id) {
      if (options.former.id.equals(id)) {
        return options.former;
      }
      return matching(known.get(owner)?.versions ?? [], id) ?? matching((await reload(owner)).versions, id);
    },
    all: async (owner) => [...(await fresh(owner)).versions, options.former],
    async newerThan(owner, used) {
      const current = await newest(owner, await reload(owner));
      return current.id.equals(used.id) ? null : current;
    },
    versions: async (owner) => [...(await reload(owner)).versions],
  };
  return ring;
}
