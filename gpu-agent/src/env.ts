import { availableParallelism, hostname } from 'node:os';
import { encoderFamilies, type EncoderFamily } from '@carmic/contract';
import { z } from 'zod';

const pathSchema = z.string().min(1);

/** Settings of the agent. Descriptions feed its README. */
export const envSchema = z.object({
  CARMIC_SERVER_URL: z.url().describe('Address of the Carmic server'),
  CARMIC_AGENT_DIR: pathSchema.describe('Folder of this agent: its token and its scratch space; one agent at a time'),
  CARMIC_ENROLMENT_CODE: z.string().optional().describe('Code from the console; needed until a token is saved'),
  CARMIC_AGENT_NAME: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .default(hostname().slice(0, 100) || 'agent')
    .describe('How administrators see it'),
  CARMIC_AGENT_SLOTS: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(Math.max(1, Math.floor(availableParallelism() / 2)))
    .describe('Tasks at a time; one per two processor cores by default'),
  CARMIC_AGENT_DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .max(86_400)
    .default(0)
    .describe('How long running tasks may go on after the first SIGTERM; what is not done by then is handed back. At once by default'),
  CARMIC_AGENT_TASK_MEMORY_MB: z.coerce.number().int().min(512).default(4096).describe('Memory one ffmpeg process may allocate'),
  CARMIC_AGENT_NICE: z.coerce
    .number()
    .int()
    .min(0)
    .max(19)
    .default(10)
    .describe('How far ffmpeg and neural networks stand back where processors are short (nice)'),
  CARMIC_AGENT_ENCODERS: z
    .string()
    .regex(/^(auto|cpu|(nvenc|vaapi|qsv)(,(nvenc|vaapi|qsv))*)$/, 'auto, cpu, or some of nvenc, vaapi, qsv with commas between')
    .default('auto')
    .describe('Which graphics cards may encode: auto tries all, cpu none; or some of nvenc, vaapi, qsv with commas between'),
  CARMIC_AGENT_PICTURE_CHECK: z
    .enum(['on', 'off'])
    .default('on')
    .describe('`off` judges no pictures: the safety policy then knows nothing of them'),
  CARMIC_AGENT_PARENT_PIPE: z.enum(['0', '1']).default('0').describe('1: end at once when standard input ends, because the parent is gone'),
  CARMIC_MODELS_DIR: pathSchema.optional().describe('Folder of whisper models (ggml) for hearing speech on this machine'),
  CARMIC_MODELS_URL: z.url().optional().describe('Web folder to fetch whisper models from; without it none is fetched'),
  CARMIC_MODELS: z.string().optional().describe('Names of the models to fetch, separated by commas, for example `base.en` or `small`'),
  FFMPEG_PATH: pathSchema.default('ffmpeg').describe('ffmpeg 5 or newer with libx264 and libass'),
  FFPROBE_PATH: pathSchema.default('ffprobe').describe('The ffprobe that belongs to it'),
  CARMIC_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});
export type Env = z.infer<typeof envSchema>;

/** Reads the environment; empty values count as unset. Throws StartError (78) that names every wrong variable. */
export function readEnv(source: Readonly<Record<string, string | undefined>>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = envSchema.safeParse(given);
  if (parsed.success) {
    return parsed.data;
  }
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new StartError(exitCodes.config, `The agent's settings are wrong. ${problems.join('; ')}.`);
}

/** The encoder families that CARMIC_AGENT_ENCODERS allows. */
export function encoderFamiliesOf(setting: string): ReadonlySet<EncoderFamily> {
  const named = setting === 'auto' ? encoderFamilies : encoderFamilies.filter((family) => setting.split(',').includes(family));
  return new Set<EncoderFamily>(['cpu', ...named]);
}

/** Exit codes of the agent, after sysexits.h. */
export const exitCodes = { ok: 0, failure: 1, temporary: 75, refused: 77, config: 78, killed: 137 } as const;

/** The agent cannot start; `message` is for the person who runs it. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
