import { hash, verify } from '@node-rs/argon2';

/** Argon2id with 19 MiB and 2 passes (OWASP Password Storage Cheat Sheet, 2025); runs outside the main thread. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash that no password opens, so that an unknown email takes as long as a wrong password. */
let decoy: Promise<string> | null = null;

/** Hashes a password for storing. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), cost);
}

/** Tells whether `password` opens `stored`; takes the same time when there is no stored hash. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  decoy ??= hashPassword('no such password');
  const isRight = await verify(stored ?? (await decoy), password.normalize('NFKC'));
  return isRight && stored !== null;
}
