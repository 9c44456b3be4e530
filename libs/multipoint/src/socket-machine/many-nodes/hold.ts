/** Insists on a sentence that must be true whatever happens. */
export function hold(is: boolean, sentence: string): void {
  if (!is) throw new Error(`not true: ${sentence}`);
}

/** Insists that two things are the same, and shows both if they are not. */
export function same(actual: unknown, expected: unknown, sentence: string): void {
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== shouldBe) throw new Error(`not true: ${sentence}: it is ${is}, not ${shouldBe}`);
}
