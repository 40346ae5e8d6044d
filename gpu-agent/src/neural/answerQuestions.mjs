// @ts-check
/**
 * Answers what `askProcess` asks, and ends when nobody can ask any more. Plain JavaScript, so that it starts the same way under every loader.
 *
 * @template Request
 * @param {(request: Request) => Promise<unknown>} answer
 */
export function answerQuestions(answer) {
  process.on('message', (/** @type {{ id: number, request: Request }} */ { id, request }) => {
    answer(request).then(
      (given) => process.send?.({ id, answer: given }),
      (error) => process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
