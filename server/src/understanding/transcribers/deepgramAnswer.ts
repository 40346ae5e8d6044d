import type { Word } from '@carmic/contract';
import { z } from 'zod';

/** What is read of a pre-recorded answer of Deepgram. */
export const deepgramAnswerSchema = z.object({
  metadata: z.object({ request_id: z.string().optional(), duration: z.number() }),
  results: z.object({
    channels: z
      .array(
        z.object({
          detected_language: z.string().optional(),
          alternatives: z
            .array(
              z.object({
                words: z.array(
                  z.object({
                    word: z.string(),
                    punctuated_word: z.string().optional(),
                    start: z.number(),
                    end: z.number(),
                    confidence: z.number().optional(),
                    speaker: z.number().optional(),
                  }),
                ),
              }),
            )
            .min(1),
        }),
      )
      .min(1),
  }),
});
export type DeepgramAnswer = z.infer<typeof deepgramAnswerSchema>;

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** The words of an answer: in order, without overlaps, speakers counted from one. */
export function wordsOfAnswer(answer: DeepgramAnswer): Word[] {
  const heard = answer.results.channels[0]?.alternatives[0]?.words ?? [];
  const words: Word[] = [];
  let free = 0;
  for (const item of heard) {
    const text = (item.punctuated_word ?? item.word).trim().slice(0, 200);
    if (text === '') {
      continue;
    }
    const startSeconds = round(Math.max(free, item.start));
    const endSeconds = round(Math.max(startSeconds + 0.02, item.end));
    words.push({
      text,
      startSeconds,
      endSeconds,
      ...(item.confidence === undefined ? {} : { confidence: Math.max(0, Math.min(1, item.confidence)) }),
      ...(item.speaker === undefined ? {} : { speaker: `Speaker ${item.speaker + 1}` }),
    });
    free = endSeconds;
  }
  return words;
}
