// Whether the machine belongs to the other cloud, which is a better reason than a missing identity. It is asked only
// when no identity was found, or while the machine's own metadata server is about to be found silent.

/** So long an answer seldom takes; the question to the other cloud then fits into the rest of the limit. */
const USUAL_ANSWER_MS = 1000;

export type OtherCloud = () => Promise<boolean>;

/** `probe`, made at most once. */
export function askedOnce(probe: OtherCloud): OtherCloud {
  let answer: Promise<boolean> | undefined;
  return () => {
    answer ??= probe();
    return answer;
  };
}

/** The answer of `ask`; `other` begins while it is late, so that two silent servers cost no more than one. */
export async function whileAsking<T>(other: OtherCloud, ask: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => void other(), USUAL_ANSWER_MS);
  try {
    return await ask();
  } finally {
    clearTimeout(timer);
  }
}
