import type { Clip } from '@carmic/contract';
import type { Messages } from '../messages/en.ts';
import type { MenuItem } from '../ui/menuItem.ts';

/** What can be done with a clip; undefined for what cannot be done with this one now. */
interface Acts {
  crop: (() => void) | undefined;
  tighten: (() => void) | undefined;
  step: (way: 'undo' | 'redo') => void;
  share: () => void;
  rename: () => void;
  remove: { label: string; run: () => void } | undefined;
  discard: () => void;
}

/** The rarer actions of a clip, as the lines of its menu: its cut, what is around it, and at last to discard it. */
export function moreItems(clip: Pick<Clip, 'state' | 'undoVersion' | 'redoVersion'>, t: Messages, acts: Acts): MenuItem[] {
  const isDiscarded = clip.state === 'discarded';
  const hasVersions = clip.undoVersion !== null || clip.redoVersion !== null;
  const lines: (MenuItem | false | undefined)[] = [
    acts.crop && { key: 'crop', label: t.crop.open, icon: 'crop', onSelect: acts.crop },
    acts.tighten && { key: 'tighten', label: t.edit.tighten, icon: 'scissors', onSelect: acts.tighten },
    hasVersions && {
      key: 'undo',
      label: t.edit.undoCut,
      icon: 'undo',
      isDisabled: clip.undoVersion === null,
      onSelect: () => acts.step('undo'),
    },
    hasVersions && {
      key: 'redo',
      label: t.edit.redoCut,
      icon: 'redo',
      isDisabled: clip.redoVersion === null,
      onSelect: () => acts.step('redo'),
    },
    !isDiscarded && { key: 'share', label: t.sharing.open, icon: 'link', hasLineAbove: true, onSelect: acts.share },
    { key: 'rename', label: t.clips.rename, icon: 'pencil', hasLineAbove: isDiscarded, onSelect: acts.rename },
    acts.remove && { key: 'remove', label: acts.remove.label, icon: 'x', onSelect: acts.remove.run },
    !isDiscarded && { key: 'discard', label: t.clips.discard, icon: 'trash', hasLineAbove: true, onSelect: acts.discard },
  ];
  return lines.filter((line) => line !== undefined && line !== false);
}
