import type { Result } from './check.js';
import type { Input, Operation, Output } from './history.js';
import type { Model, Said } from './model.js';

/** Lines of an order that are shown: its last ones. */
const shownMax = 12;

/** A verdict for people: what was looked at, what nobody can explain, and what led there. */
export function explain(result: Result): string {
  const { session, seed, verdict, order, steps } = result;
  const title = seed === undefined ? session : `${session} (seed ${String(seed)})`;
  const looked = `${String(steps)} steps`;
  switch (verdict) {
    case 'ok':
      return `${title}: ok, ${String(order.length)} operations in order, ${looked}`;
    case 'undecided':
      return `${title}: undecided, ${looked} were not enough for more than ${String(order.length)} operations`;
    case 'illegal':
      return [`${title}: illegal, ${looked}`, ...because(result)].join('\n');
  }
}

function because(result: Result & { readonly verdict: 'illegal' }): readonly string[] {
  const { unexplained, because: reason, order } = result;
  if (reason.kind === 'revision') {
    return [
      `  ${told(unexplained)}`,
      '  names an earlier revision than this, which had its answer before the other was called:',
      `  ${told(reason.earlier)}`,
    ];
  }
  const left = order.length - shownMax;
  return [
    '  nothing explains',
    `  ${told(unexplained)}`,
    `  where the session answers: ${saidWords(reason.expected)}`,
    `  because it is ${modelWords(reason.model)}`,
    order.length === 0 ? '  with nothing before it' : '  after',
    ...(left > 0 ? [`    ${String(left)} earlier operations`] : []),
    ...order.slice(-shownMax).map((operation) => `    ${told(operation)}`),
  ];
}

function told({ process, commandId, call, return: until, input, output }: Operation): string {
  const span = `[${String(call)}, ${until === null ? 'no answer' : String(until)}]`;
  return `${process} ${commandId} ${span} ${inputWords(input)}: ${outputWords(output)}`;
}

function inputWords(input: Input): string {
  switch (input.type) {
    case 'open':
      return `open ${input.root ?? 'a group'}, ${input.policy.admit}, ${placesWords(input.policy.capacity)}`;
    case 'listen':
      return `listen ${input.root}, backlog ${String(input.backlog)}`;
    case 'policy':
      return `policy ${JSON.stringify(input.changes)}`;
    case 'join':
      return `join ${input.socket} at ${input.local}`;
    case 'invite':
      return `invite ${input.leaf} by link ${input.link}`;
    case 'accept':
      return `accept ${input.join} at ${input.acceptor} as ${input.accepted ?? 'nothing'}`;
    case 'reject':
      return `reject ${input.join} at ${input.acceptor ?? input.node}`;
    case 'defer':
      return `defer ${input.join} at ${input.acceptor}`;
    case 'close':
      return `close ${input.socket ?? 'the group'}`;
    case 'shutdown':
      return `shutdown ${input.root}, ${input.how}`;
    case 'expire':
      return `expire ${input.joins.join(', ')}`;
    case 'lose':
      return `lose ${input.node}/${input.incarnation}`;
    case 'query':
      return 'query';
  }
}

function outputWords(output: Output | null): string {
  if (output === null) return 'no answer';
  switch (output.type) {
    case 'turned-away':
      return `turned away with ${output.code}`;
    case 'unknown':
      return 'nobody knows';
    case 'refused': {
      const { code, basedOn } = output;
      const at =
        basedOn === null ? '' : ` on ${String(basedOn.revision)}.${String(basedOn.decisions)}`;
      return `refused ${code}${at}`;
    }
    case 'accepted':
    case 'started':
    case 'admitted':
    case 'members': {
      const at = output.revision === null ? '' : ` (revision ${String(output.revision)})`;
      return `${saidWords(output)}${at}`;
    }
  }
}

function saidWords(
  said: Said['says'] | Exclude<Output, { type: 'turned-away' | 'unknown' }>,
): string {
  switch (said.type) {
    case 'accepted':
      return said.changed === false ? 'accepted, nothing changed' : 'accepted';
    case 'started':
    case 'admitted':
      return `${said.type} as ${said.join}`;
    case 'members':
      return `members ${listWords(said.members)}`;
    case 'refused':
      return `refused ${said.code}`;
  }
}

function modelWords({
  phase,
  root,
  policy,
  backlog,
  invitation,
  requests,
  members,
  joins,
}: Model): string {
  if (phase !== 'open') return `${phase} after ${String(joins)} joins`;
  return [
    `open by ${root ?? 'nobody'}, ${policy.admit}, ${placesWords(policy.capacity)}`,
    backlog === null ? 'not listening' : `backlog ${String(backlog)}`,
    `${String(joins)} joins so far`,
    `invitation ${invitation === null ? 'none' : `${invitation.join} to ${invitation.at}`}`,
    `requests ${listWords(requests.map(({ join, caller }) => `${join} of ${caller}`))}`,
    `members ${listWords(members.map(({ leaf }) => leaf))}`,
  ].join('; ');
}

const placesWords = (capacity: number | null): string =>
  capacity === null ? 'no bound' : `${String(capacity)} places`;

const listWords = (words: readonly string[]): string =>
  words.length === 0 ? 'none' : words.join(', ');
