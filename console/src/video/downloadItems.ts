import type { Rendition } from '@carmic/contract';
import { formatBytes } from '../format/formatBytes.ts';
import type { Messages } from '../messages/en.ts';
import { saveFrom } from '../saving/saveFrom.ts';
import type { MenuItem } from '../ui/menuItem.ts';

/** A file of a rendition that the storage holds. */
export type DownloadKind = 'downloadUrl' | 'srtUrl' | 'vttUrl' | 'assUrl' | 'wordsUrl' | 'coverDownloadUrl';

/** What can be downloaded of a rendition: `download` fetches a stored file; others are made when they are asked for. */
export function downloadItems(
  rendition: Rendition,
  t: Messages,
  download: (rendition: Rendition, kind: DownloadKind) => Promise<void>,
): MenuItem[] {
  const { media } = rendition;
  const size = rendition.sizeBytes === null ? undefined : formatBytes(rendition.sizeBytes, t);
  const stored = [
    { key: 'video', kind: 'downloadUrl', label: t.clips.downloadVideo(rendition.aspect), icon: 'film', note: size },
    { key: 'cover', kind: 'coverDownloadUrl', label: t.cover.download, icon: 'frame' },
    { key: 'srt', kind: 'srtUrl', label: t.clips.downloadSrt, icon: 'captions' },
    { key: 'vtt', kind: 'vttUrl', label: t.clips.downloadVtt, icon: 'captions' },
    { key: 'ass', kind: 'assUrl', label: t.clips.downloadAss, icon: 'captions' },
    { key: 'words', kind: 'wordsUrl', label: t.clips.downloadWords, icon: 'words' },
  ] as const;
  const made = [
    ['otio', t.clips.downloadOtio],
    ['fcpxml', t.clips.downloadFcpxml],
    ['edl', t.clips.downloadEdl],
    ['zip', t.clips.downloadZip],
  ] as const;
  return [
    ...stored.filter(({ kind }) => media[kind]).map(({ kind, ...item }) => ({ ...item, onSelect: () => void download(rendition, kind) })),
    ...(rendition.state === 'ready' ? made : []).map(([format, label], index) => ({
      key: format,
      label,
      icon: 'file' as const,
      hasLineAbove: index === 0,
      onSelect: () => saveFrom(`/api/v1/renditions/${rendition.id}/exports/${format}`),
    })),
  ];
}
