/** This release, and which others it gets along with. */
export const release = {
  version: '0.1.0',
  /** The oldest release whose database this one can bring up to date in one step. */
  upgradesFrom: '0.1.0',
  /** The oldest release that works on this one's schema: it may run beside this one during an upgrade, and be gone back to. */
  servesFrom: '0.1.0',
} as const;

/** Compares two releases such as 0.9.0 and 0.10.0: negative when the first is older. */
export function compareReleases(first: string, second: string): number {
  const numbers = (version: string) => version.split('.').map((part) => Number.parseInt(part, 10));
  const [one, other] = [numbers(first), numbers(second)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
