/** Passwords: Argon2id, and none that everybody has used before. */
import { createRequire } from 'node:module';
import { invalidInput } from '../core/errors.ts';
import { hash, verify } from './hashing.ts';

/** Argon2id with 19 MiB and 2 passes (OWASP Password Storage Cheat Sheet, 2025). */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash that no password opens, so that an unknown email takes as long as a wrong password. */
let decoy: Promise<string> | null = null;

/** Hashes a password for storing. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), cost);
}

/** Tells whether `password` opens `stored`; takes the same time when there is no stored hash. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  decoy ??= hashPassword('no such password').catch((error: unknown) => {
    decoy = null;
    throw error;
  });
  const against = stored ?? (await decoy);
  const isRight = await verify(against, password.normalize('NFKC'));
  return isRight && stored !== null;
}

let known: Set<string> | null = null;

/** Passwords from breaches that have 8 characters or more: two lists that ship with the product, about 50,000. */
function breachedPasswords(): Set<string> {
  if (known === null) {
    const require = createRequire(import.meta.url);
    const popular = require('popular-passwords') as readonly string[];
    const { dictionary } = require('@zxcvbn-ts/language-common') as { dictionary: Record<string, readonly string[]> };
    const lists = [popular, dictionary['passwords-common'] ?? []];
    known = new Set(lists.flat().filter((password) => password.length >= 8));
  }
  return known;
}

/** Refuses a password that stands in a list of breached ones, or that is the email, the name or the product's name. */
export function requireUncommonPassword(password: string, about: { email: string; name: string }): void {
  const plain = password.normalize('NFKC').toLowerCase();
  if (breachedPasswords().has(plain)) {
    throw invalidInput('This password is in lists of stolen passwords: choose another one.');
  }
  const own = [about.email, about.email.split('@')[0] ?? '', about.name, 'carmic']
    .map((text) => text.toLowerCase())
    .filter((text) => text.length > 2);
  const core = plain.replace(/[\d\W_]+$/, '');
  if (own.some((text) => plain === text || core === text) || /^(.)\1+$/.test(plain)) {
    throw invalidInput('This password is easy to guess for you: choose another one.');
  }
}
