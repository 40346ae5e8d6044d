/** Answers a question from memory, or finds the answer. */
export type Remember = (question: string, find: () => string) => string;

/** Remembers answers; of those that were not asked for lately all but `most` are forgotten. */
export function createRemember(most: number): Remember {
  let recent = new Map<string, string>();
  let former = new Map<string, string>();
  return (question, find) => {
    const known = recent.get(question);
    if (known !== undefined) {
      return known;
    }
    const answer = former.get(question) ?? find();
    if (recent.size >= most) {
      former = recent;
      recent = new Map();
    }
    recent.set(question, answer);
    return answer;
  };
}
