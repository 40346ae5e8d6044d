import type { Aspect, Probe } from '@carmic/contract';

const ratios: Record<Aspect, { across: number; down: number }> = {
  '9:16': { across: 9, down: 16 },
  '1:1': { across: 1, down: 1 },
  '4:5': { across: 4, down: 5 },
  '16:9': { across: 16, down: 9 },
};

/**
 * The size of a rendition in pixels, both even. The shorter side is 1080, which every platform asks for, or 720 for sources whose
 * shorter side is below 720, where 1080 would only make the file larger; or what a person asked for.
 */
export function outputSize(aspect: Aspect, probe: Pick<Probe, 'width' | 'height'>, wished?: number): { width: number; height: number } {
  const shortSide = wished ?? (Math.min(probe.width, probe.height) >= 720 ? 1080 : 720);
  const { across, down } = ratios[aspect];
  const scale = shortSide / Math.min(across, down);
  const even = (value: number) => Math.round(value / 2) * 2;
  return { width: even(across * scale), height: even(down * scale) };
}
