/** What one look at an installation found: whatever is not as it should be says what to do about it. */
export type Check = {
  /** snake_case name. */
  name: string;
  message: string;
} & ({ state: 'ok' | 'skipped'; fix: null } | { state: 'warning' | 'failed'; fix: string });

export const ok = (name: string, message: string): Check => ({ name, state: 'ok', message, fix: null });
export const warning = (name: string, message: string, fix: string): Check => ({ name, state: 'warning', message, fix });
export const failed = (name: string, message: string, fix: string): Check => ({ name, state: 'failed', message, fix });
export const skipped = (name: string, message: string): Check => ({ name, state: 'skipped', message, fix: null });
