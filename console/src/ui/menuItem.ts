import type { HTMLButtonAttributes } from 'svelte/elements';
import type { IconName } from './icons.ts';

/** What makes a button the one that opens a menu. */
export interface MenuTrigger extends Pick<HTMLButtonAttributes, 'onclick' | 'onkeydown'> {
  id: string;
  'aria-haspopup': 'menu';
  'aria-expanded': boolean;
  'aria-controls': string | undefined;
}

/** One line of a menu. */
export interface MenuItem {
  key: string;
  label: string;
  icon?: IconName;
  note?: string | undefined;
  isChecked?: boolean;
  isDisabled?: boolean;
  hasLineAbove?: boolean;
  tone?: 'bad';
  onSelect: () => void;
}
