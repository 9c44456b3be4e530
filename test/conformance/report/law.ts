/** A rule of Winsock, as docs/SPEC.md has it. */
export interface Rule {
  readonly id: string;
  readonly sentence: string;
  /** M unconditional, S usual, O optional, I our inference, W observed on Windows. */
  readonly level: string;
  readonly section: string;
  /** The decision record that argues against it; null for a rule in force. */
  readonly arguedAwayIn: string | null;
}

/** The rules (R) and codes (E) of docs/SPEC.md, in its order. Readings and house rules are not Winsock's. */
export function rulesIn(spec: string): readonly Rule[] {
  const rules: Rule[] = [];
  let section = '';
  for (const line of spec.split('\n')) {
    section = /^## (.*)$/.exec(line)?.[1] ?? section;
    const row = /^\| ([RE]\d+) \| (.*) \| ([MSOIW]) \| (.*) \|$/.exec(line);
    if (row === null) continue;
    const [, id = '', sentence = '', level = '', last = ''] = row;
    const arguedAwayIn = /ADR \d+/.exec(last)?.[0] ?? null;
    rules.push({ id, sentence, level, section, arguedAwayIn });
  }
  return rules;
}
