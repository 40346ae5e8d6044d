/** A video's title and file name, which are sealed in its row. */
import type { Deps } from '../deps.ts';
import type { Video } from './model.ts';

export function sealTitle(deps: Deps, videoId: string, title: string): Buffer {
  return deps.sealer.seal(`videos.title:${videoId}`, title);
}

export function sealFileName(deps: Deps, videoId: string, fileName: string): Buffer {
  return deps.sealer.seal(`videos.file_name:${videoId}`, fileName);
}

export function titleOf(deps: Deps, video: Pick<Video, 'id' | 'titleSealed'>): string {
  return deps.sealer.open(`videos.title:${video.id}`, video.titleSealed);
}

export function fileNameOf(deps: Deps, video: Pick<Video, 'id' | 'fileNameSealed'>): string {
  return deps.sealer.open(`videos.file_name:${video.id}`, video.fileNameSealed);
}
