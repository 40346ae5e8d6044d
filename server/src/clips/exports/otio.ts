import type { Cut } from './cut.ts';

/** Writes a cut as OpenTimelineIO (schema Timeline.1, https://opentimelineio.readthedocs.io): a picture track, and a sound track beside it. */
export function buildOtio(cut: Cut): string {
  const rate = cut.rate.numerator / cut.rate.denominator;
  const time = (value: number) => ({ OTIO_SCHEMA: 'RationalTime.1', rate, value });
  const range = (start: number, duration: number) => ({ OTIO_SCHEMA: 'TimeRange.1', start_time: time(start), duration: time(duration) });
  const clips = (kind: string) =>
    cut.pieces.map((piece, index) => ({
      OTIO_SCHEMA: 'Clip.2',
      metadata: {},
      name: `${cut.title} ${kind} ${index + 1}`,
      source_range: range(piece.sourceFrame, piece.frames),
      effects: [],
      markers: [],
      enabled: true,
      media_references: {
        DEFAULT_MEDIA: {
          OTIO_SCHEMA: 'ExternalReference.1',
          metadata: {},
          name: cut.fileName,
          available_range: range(0, cut.sourceFrames),
          available_image_bounds: null,
          target_url: encodeURIComponent(cut.fileName),
        },
      },
      active_media_reference_key: 'DEFAULT_MEDIA',
    }));
  const track = (kind: 'Video' | 'Audio') => ({
    ...{ OTIO_SCHEMA: 'Track.1', metadata: {}, name: kind, source_range: null, effects: [], markers: [], enabled: true },
    children: clips(kind.toLowerCase()),
    kind,
  });
  const timeline = {
    ...{ OTIO_SCHEMA: 'Timeline.1', metadata: {}, name: cut.title, global_start_time: time(0) },
    tracks: {
      ...{ OTIO_SCHEMA: 'Stack.1', metadata: {}, name: 'tracks', source_range: null, effects: [], markers: [], enabled: true },
      children: [track('Video'), ...(cut.hasSound ? [track('Audio')] : [])],
    },
  };
  return `${JSON.stringify(timeline, null, 2)}\n`;
}
