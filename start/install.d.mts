/** A refusal with a sentence to act on and an exit code. */
export class InstallError extends Error {
  exitCode: number;
  constructor(message: string, exitCode: number);
}
export function isNodeSupported(version: string): boolean;
export function wantedInstall(root: string): string;
export function installState(root: string): 'fresh' | 'missing' | 'stale';
export function install(root: string, say: (text: string) => void): Promise<number | null>;
