import { longestClipTag, maxClipTags } from '@carmic/contract';

/** Why what was written cannot be added: a tag is too long, there would be too many, or one has neither letter nor digit. */
export type TagFault = 'long' | 'many' | 'empty';

const plain = (tag: string) => tag.normalize('NFKC').toLowerCase();

/** The tags with those behind them that a person wrote, between commas; nothing is added twice. Where one cannot be, none is. */
export function addTags(tags: readonly string[], written: string): { tags: string[]; fault: TagFault | null } {
  const added = written
    .split(/[,，、\n]/u)
    .map((part) =>
      part
        .replace(/^[#＃\s]+/u, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((tag, _, all) => tag !== '' || all.length === 1);
  const fault = (kind: TagFault) => ({ tags: [...tags], fault: kind });
  if (written.trim() === '') {
    return { tags: [...tags], fault: null };
  }
  if (added.some((tag) => !/[\p{L}\p{N}]/u.test(tag))) {
    return fault('empty');
  }
  if (added.some((tag) => tag.length > longestClipTag)) {
    return fault('long');
  }
  const all = new Map(tags.map((tag) => [plain(tag), tag]));
  for (const tag of added) {
    all.set(plain(tag), all.get(plain(tag)) ?? tag);
  }
  return all.size > maxClipTags ? fault('many') : { tags: [...all.values()], fault: null };
}
