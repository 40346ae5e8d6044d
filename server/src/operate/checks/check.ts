/** What one look at an installation found. */
export interface Check {
  /** snake_case name. */
  name: string;
  state: 'ok' | 'warning' | 'failed' | 'skipped';
  message: string;
  /** What to do about it; null when there is nothing to do. */
  fix: string | null;
}

export const ok = (name: string, message: string): Check => ({ name, state: 'ok', message, fix: null });
export const warning = (name: string, message: string, fix: string): Check => ({ name, state: 'warning', message, fix });
export const failed = (name: string, message: string, fix: string): Check => ({ name, state: 'failed', message, fix });
export const skipped = (name: string, message: string): Check => ({ name, state: 'skipped', message, fix: null });
