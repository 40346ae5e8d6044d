/** The part of the certificate that tells how a clip is framed. */
import type { CertificateEntry, RenderSpec } from '@carmic/contract';
import { framingBounds, type FramedClip } from '../framing/framer.ts';
import type { SegmentFraming } from '../framing/framing.ts';

/** A calm camera turns round less often, and moves off more gently. */
const mostReversals = 0.5;
const mostAcceleration = 1.5;

/** Facts about the framing, with their bounds. */
export function framingFacts(framed: FramedClip, spec: Pick<RenderSpec, 'probe' | 'output'>): CertificateEntry[] {
  const enlargement = Math.max(...framed.segments.map((segment) => enlargementOf(segment, spec)));
  const { facts } = framed;
  return [
    entry('enlargement', 'Pixels of the source are enlarged at most', enlargement, 'times', null, true),
    ...(facts === null
      ? []
      : [
          share('face_inside', 'Frames with the whole face inside the crop', facts.faceInsideShare, {
            least: framingBounds.faceInside,
          }),
          share('speaker_shown', 'Speech time with the speaker in the picture', facts.speakerShownShare, {
            least: framingBounds.speakerShown,
          }),
          share('face_missed', 'Frames without any face while one was there', facts.faceMissedShare, { most: framingBounds.faceMissed }),
          atMost('crop_reversals', 'Times the crop turns round, per second', facts.reversalsPerSecond, '1/s', mostReversals),
          atMost(
            'crop_acceleration_p95',
            "95th percentile of the crop's acceleration",
            facts.accelerationP95,
            'widths/s²',
            mostAcceleration,
          ),
        ].filter((fact) => fact !== null)),
  ];
}

function share(name: string, label: string, value: number | null, bound: { least?: number; most?: number }): CertificateEntry | null {
  if (value === null) {
    return null;
  }
  const passed = value >= (bound.least ?? 0) && value <= (bound.most ?? 1);
  return entry(name, label, value, 'share', bound.least === undefined ? `at most ${bound.most}` : `at least ${bound.least}`, passed);
}

function atMost(name: string, label: string, value: number | null, unit: string, most: number): CertificateEntry | null {
  return value === null ? null : entry(name, label, value, unit, `at most ${most}`, value <= most);
}

function entry(name: string, label: string, value: number, unit: string, bound: string | null, passed: boolean): CertificateEntry {
  return { name, label, value: Number(value.toFixed(3)), unit, bound, passed };
}

/** Pixels of the clip for one of the source, along the side where there are most; below 1 where it is made smaller. */
function enlargementOf(framing: SegmentFraming, { probe, output }: Pick<RenderSpec, 'probe' | 'output'>): number {
  const crop = (widthShare: number, heightShare: number, width: number, height: number) =>
    Math.max(width / (widthShare * probe.width), height / (heightShare * probe.height));
  switch (framing.kind) {
    case 'whole':
      return crop(1, 1, output.width, output.height);
    case 'fit':
      return Math.min(output.width / probe.width, output.height / probe.height);
    case 'crop':
      return crop(framing.widthShare, framing.heightShare, output.width, output.height);
    case 'panels':
      return Math.max(
        ...framing.panels.map(({ view, cell }) =>
          crop(view.widthShare, view.heightShare, cell.width * output.width, cell.height * output.height),
        ),
      );
  }
}
