/** Reads from what ffmpeg and its drivers say why an encoder does not work. */
import type { EncoderCause, EncoderFamily } from '@carmic/contract';

interface Sign {
  pattern: RegExp;
  cause: EncoderCause;
}

/**
 * What is said, in the order in which it decides. nvenc ends every refusal of the only card with "No capable devices found", so that
 * this line counts only where nothing before it does (libavcodec/nvenc.c).
 */
const signs: readonly Sign[] = [
  { pattern: /Cannot load (lib)?(cuda|nvcuda|nvidia-encode|nvEncodeAPI)/i, cause: 'no_driver' },
  {
    pattern: /required nvenc API version|minimum required Nvidia driver|driver version is insufficient|SYSTEM_DRIVER_MISMATCH/i,
    cause: 'old_driver',
  },
  { pattern: /OpenEncodeSessionEx failed: (unsupported device|no encode device|invalid device|device not exist)/i, cause: 'no_device' },
  { pattern: /OpenEncodeSessionEx failed/i, cause: 'session_limit' },
  {
    pattern: /CUDA_ERROR_OUT_OF_MEMORY|NV_ENC_ERR_OUT_OF_MEMORY|VA_STATUS_ERROR_ALLOCATION_FAILED|MFX_ERR_MEMORY_ALLOC/i,
    cause: 'out_of_memory',
  },
  { pattern: /CUDA_ERROR_NO_DEVICE|no CUDA-capable device/i, cause: 'no_device' },
  { pattern: /CUDA_ERROR_NOT_PERMITTED|CUDA_ERROR_OPERATING_SYSTEM|Permission denied/i, cause: 'no_access' },
  {
    pattern:
      /Codec not supported|are? not supported|\bnot supported\b|Max B-frames \d+ exceed|(Width|Height) \d+ exceeds|No usable encoding (profile|entrypoint)|does not support any usable|Unrecognized option|Option .* not found|Error setting option/i,
    cause: 'unsupported',
  },
  {
    pattern:
      /No VA display found|Failed to initialise VAAPI|Cannot open (a )?DRM render node|MFX session: unsupported|Failed to create MFX|creating a MFX session/i,
    cause: 'no_device',
  },
  { pattern: /No capable devices found/i, cause: 'no_device' },
];

/** Says which of the causes a text speaks of; null when it speaks of none, and may be about something else than the encoder. */
export function readCause(stderr: string): EncoderCause | null {
  return signs.find((sign) => sign.pattern.test(stderr))?.cause ?? null;
}

/** A cause that holds for every encoder of the family on this host, so that the others need not be tried. */
export function isOfHost(cause: EncoderCause): boolean {
  return cause === 'no_driver' || cause === 'old_driver' || cause === 'no_device' || cause === 'no_access' || cause === 'switched_off';
}

const makers: Record<EncoderFamily, string> = { cpu: 'processor', nvenc: 'NVIDIA', vaapi: 'VAAPI', qsv: 'Intel Quick Sync' };

/** The cause in one sentence for an administrator. `said` is ffmpeg's own last word, for what has no name here. */
export function describeCause(cause: EncoderCause, family: EncoderFamily, said = ''): string {
  switch (cause) {
    case 'not_built':
      return 'This ffmpeg was built without it.';
    case 'no_driver':
      return `No ${makers[family]} driver is installed here.`;
    case 'old_driver':
      return `The ${makers[family]} driver is too old for this ffmpeg.`;
    case 'no_device':
      return family === 'nvenc' ? 'There is no NVIDIA card here, or it has no encoder.' : 'There is no graphics card here that it can use.';
    case 'no_access':
      return `The agent may not open the graphics card: add its user to the groups video and render.`;
    case 'session_limit':
      return 'The graphics card allows no further encoding session.';
    case 'out_of_memory':
      return 'The memory of the graphics card is full.';
    case 'unsupported':
      return 'The graphics card does not encode this codec with the settings needed.';
    case 'low_quality':
      return 'Its picture is worse than that of libx264.';
    case 'switched_off':
      return 'It is switched off by CARMIC_AGENT_ENCODERS.';
    case 'failed':
      return said === '' ? 'It failed.' : `It failed: ${said}`;
  }
}
