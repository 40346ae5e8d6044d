/** Words about the place where objects are kept. */
import type { StorageCheck } from '@carmic/contract';
import { number } from './count.ts';

const checkNames: Readonly<Record<string, string>> = {
  private_directory: 'Closed to other users',
  free_space: 'Free space',
  root_key: 'Keys',
  round_trip: 'Writing, reading, removing',
  reachable: 'Reachable',
  clock_skew: 'Clock',
  object_lock: 'Object lock',
  versioning: 'Versions',
  lifecycle: 'Lifecycle rules',
  cors: 'Access from browsers',
  encryption_at_rest: 'Encryption at rest',
  public_access: 'Closed to strangers',
  checksums: 'Checksums of parts',
  no_replacement: 'Late writes',
};

export const storage = {
  storage: {
    nav: 'Storage',
    title: 'Storage',
    lead: 'Where files are kept, and whether that place is as it must be.',
    again: 'Check again',
    places: { disk: 'On this server’s disk, encrypted', s3: 'In a bucket of an S3 server' },
    checkedAt: (time: string) => `Looked at anew ${time}.`,
    allGood: (n: number) => `All ${number.format(n)} checks passed.`,
    someBad: (bad: number, all: number) => `${number.format(bad)} of ${number.format(all)} checks need your attention.`,
    stopsStart: 'The server would not start again like this.',
    listTitle: 'Checks',
    name: (name: string) => {
      const own = name.replace(/^former_/, '');
      const words = checkNames[own] ?? own.replaceAll('_', ' ');
      return own === name ? words : `${words} (former storage)`;
    },
    /** What was found and what to do; sizes among the values are written out already. The server speaks English. */
    found: ({ message, remedy }: Pick<StorageCheck, 'finding' | 'passed' | 'message' | 'remedy' | 'values'>) => ({ message, remedy }),
    states: { passed: 'In order', attention: 'Needs attention', fatal: 'Stops the next start' },
    command: 'Command that mends it',
  },
};
