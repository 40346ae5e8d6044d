import type { IconName } from './icons.ts';

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
