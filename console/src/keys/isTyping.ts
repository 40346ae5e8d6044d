const fields = 'input:not([type=checkbox], [type=radio], [type=range], [type=color]), textarea, select, [contenteditable]';
const ownKeys = 'video, dialog, [role=dialog], [role=alertdialog], [role=menu], [role=slider], [role=listbox], input, [role=radiogroup]';
const pressed = 'button, a[href], summary';

/** Whether what has the focus takes letters, so that they are no shortcuts. */
export function isTyping({ target }: Event): boolean {
  return target instanceof Element && target.closest(fields) !== null;
}

/** Whether a key belongs to what has the focus: to a player, a dialog, a slider or, for the space bar, to a button. */
export function isTaken(event: KeyboardEvent): boolean {
  const { target } = event;
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !(target instanceof Element)) {
    return true;
  }
  return isTyping(event) || target.closest(ownKeys) !== null || (event.key === ' ' && target.closest(pressed) !== null);
}
