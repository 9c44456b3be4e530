import {
  nodeOf,
  socketParts,
  type NodeAddress,
  type Notification,
  type Session,
  type SessionCommand,
  type SocketId,
} from '@joinleaf/multipoint';
import {
  isMemberAt,
  positionText,
  toldBy,
  type Cast,
  type DecisionStep,
  type RefusalStep,
  type Step,
} from '@joinleaf/replay';
import { commandOf, concerns, endpointsIn } from './endpoints.js';
import { isLate, isWanted, timeOf } from './log-rows.js';
import type { Extract } from './telling.js';

// A ladder has one numbered row for each record, and below it an unnumbered one for each notification
// that the record sends. Rows follow the order of the history: equal times are no matter.

export type LadderColumn =
  | { readonly kind: 'root'; readonly title: string }
  | { readonly kind: 'service'; readonly title: string }
  | { readonly kind: 'leaf'; readonly title: string; readonly endpoint: NodeAddress }
  /** Endpoints that have no column of their own. */
  | { readonly kind: 'others'; readonly title: string };

export interface LadderRow {
  /** The record's number; null for a notification. */
  readonly number: number | null;
  readonly revision: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number | null;
  /** Columns by index. Equal ones are something that the service did by itself. */
  readonly from: number;
  readonly to: number;
  /** `solid`: recorded as an event, or told. `dotted`: recorded, and without effect. */
  readonly style: 'solid' | 'dotted';
  /**
   * What is on the arrow, the longest first: the one that fits is taken. The last is one word, which all of them have, and fits
   * everywhere: what is called one thing on a wide page is called the same on a narrow one.
   */
  readonly labels: readonly string[];
  /** What belongs to the label, where the label that fits does not say it. */
  readonly about: string;
  readonly detail: string;
  readonly tone: 'plain' | 'bad' | 'dim';
  /** Columns whose socket is in the session after this row. */
  readonly present: readonly boolean[];
}

export interface Ladder {
  readonly title: string;
  readonly columns: readonly LadderColumn[];
  readonly rows: readonly LadderRow[];
  /** Records that were left out in the middle. */
  readonly omitted: { readonly afterRow: number; readonly records: number } | null;
}

export interface LadderOptions extends Extract {
  /** Columns for leaves at most, besides one for all others. */
  readonly leavesMax: number;
  /** Only this endpoint or node, and what concerns everybody. */
  readonly leaf?: string | undefined;
  /** Records at most; those in the middle are left out. */
  readonly recordsMax: number;
}

const fdCloseMax = 4;

/** Lays a history out as a ladder. */
export function ladderOf(steps: readonly Step[], cast: Cast, options: LadderOptions): Ladder {
  const wanted = steps.filter(
    (step) => isWanted(step, options) && concerns(step, cast, options.leaf),
  );
  const { shown, omitted } = withoutMiddle(wanted, options.recordsMax);
  const columns = columnsOf(steps, shown, cast, options);
  const places = new Places(columns, cast);
  const records = shown.map((step) => rowsOf(step, cast, places));
  const afterRow = records.slice(0, Math.ceil(shown.length / 2)).flat().length;
  return {
    title: titleOf(steps),
    columns,
    rows: records.flat(),
    omitted: omitted === 0 ? null : { afterRow, records: omitted },
  };
}

function withoutMiddle(steps: readonly Step[], max: number) {
  if (steps.length <= max) return { shown: steps, omitted: 0 };
  const head = Math.ceil(max / 2);
  const shown = [...steps.slice(0, head), ...steps.slice(steps.length - (max - head))];
  return { shown, omitted: steps.length - max };
}

function titleOf(steps: readonly Step[]): string {
  const [first] = steps;
  if (first === undefined) return '';
  return first.kind === 'decision' ? first.commit.session : first.refusal.session;
}

function columnsOf(
  all: readonly Step[],
  shown: readonly Step[],
  cast: Cast,
  { leavesMax, leaf }: LadderOptions,
): readonly LadderColumn[] {
  const seen = new Set(shown.flatMap((step) => endpointsIn(step, cast)));
  const named =
    leaf === undefined ? seen : new Set([...seen].filter((e) => e === leaf || nodeOf(e) === leaf));
  const order = [...cast.endpoints.keys()].filter((endpoint) => named.has(endpoint));
  const own = order.length <= leavesMax ? order : order.slice(0, Math.max(0, leavesMax - 1));
  const others = new Set([...seen].filter((endpoint) => !own.includes(endpoint))).size;
  return [
    ...(hasRoot(all) ? [{ kind: 'root', title: 'root' } as const] : []),
    { kind: 'service', title: 'service' },
    ...own.map((endpoint) => ({ kind: 'leaf', title: endpoint, endpoint }) as const),
    ...(others > 0 ? [{ kind: 'others', title: `+${String(others)} more` } as const] : []),
  ];
}

const hasRoot = (steps: readonly Step[]): boolean =>
  steps.some((step) => {
    const command = commandOf(step);
    return 'root' in command ? command.root !== null : command.type === 'InviteLeaf';
  });

/** Where things stand: which column is whose. */
class Places {
  readonly service: number;
  readonly #root: number | null;
  readonly #others: number | null;
  readonly #leaves = new Map<NodeAddress, number>();

  constructor(
    readonly columns: readonly LadderColumn[],
    readonly cast: Cast,
  ) {
    const at = (kind: LadderColumn['kind']): number | null => {
      const index = columns.findIndex((column) => column.kind === kind);
      return index < 0 ? null : index;
    };
    this.service = at('service') ?? 0;
    this.#root = at('root');
    this.#others = at('others');
    for (const [index, column] of columns.entries()) {
      if (column.kind === 'leaf') this.#leaves.set(column.endpoint, index);
    }
  }

  /** The column of an endpoint, and its name where the column is not its own. */
  ofEndpoint(endpoint: NodeAddress): { readonly index: number; readonly label: string } {
    const index = this.#leaves.get(endpoint);
    return index === undefined
      ? { index: this.#others ?? this.service, label: endpoint }
      : { index, label: '' };
  }

  ofSocket(socket: SocketId): { readonly index: number; readonly label: string } {
    const part = this.cast.partOf(socket);
    if (part?.role === 'leaf') return this.ofEndpoint(part.endpoint);
    if (part?.role === 'link') return { index: this.#root ?? this.service, label: part.endpoint };
    return {
      index: this.#root ?? this.service,
      label: part === null ? socketParts(socket).node : '',
    };
  }

  ofActor(command: SessionCommand): { readonly index: number; readonly label: string } {
    const actor = this.cast.actorOf(command);
    if (actor.kind === 'leaf') return this.ofEndpoint(actor.endpoint);
    if (actor.kind === 'root') return { index: this.#root ?? this.service, label: '' };
    return { index: this.service, label: actor.kind === 'stranger' ? actor.name : actor.kind };
  }

  present(session: Session): readonly boolean[] {
    return this.columns.map((column) => {
      switch (column.kind) {
        case 'service':
          return true;
        case 'root':
          return session.phase === 'shut' || (session.phase === 'open' && session.vacancy === null);
        case 'leaf':
          return isMemberAt(session, column.endpoint);
        case 'others':
          return session.phase === 'open' && session.members.size > 0;
      }
    });
  }
}

function rowsOf(step: Step, cast: Cast, places: Places): readonly LadderRow[] {
  return step.kind === 'refusal'
    ? [refusedRow(step, places)]
    : [decidedRow(step, cast, places), ...toldRows(step, places)];
}

function decidedRow(step: DecisionStep, cast: Cast, places: Places): LadderRow {
  const { command } = step.decided;
  const { index, label } = places.ofActor(command);
  const join = step.decided.events.find((event) => event.type === 'JoinRequested')?.join ?? '';
  return {
    number: step.number,
    revision: positionText(step).slice(1),
    at: timeOf(step),
    from: index,
    to: places.service,
    style: 'solid',
    labels: prefixed(label, commandLabels(command, join)),
    about: join === '' && 'join' in command ? command.join : join,
    detail: effects(step, cast),
    tone: 'plain',
    present: places.present(step.before),
  };
}

function refusedRow(step: RefusalStep, places: Places): LadderRow {
  const { command, code, rule } = step.refusal;
  const { index, label } = places.ofActor(command);
  return {
    number: step.number,
    revision: '–',
    at: timeOf(step),
    from: index,
    to: places.service,
    style: 'dotted',
    labels: prefixed(label, commandLabels(command, '')),
    about: 'join' in command ? command.join : '',
    detail: isLate(step) ? `late: ${code} ${rule}` : `✗ ${code} ${rule}`,
    tone: isLate(step) ? 'dim' : 'bad',
    present: places.present(step.before ?? { phase: 'unopened' }),
  };
}

const prefixed = (name: string, labels: readonly string[]): readonly string[] =>
  name === '' ? labels : [...labels.map((label) => `${name} ${label}`), ...labels];

/** What a command says on its arrow, in lower case. */
function commandLabels(command: SessionCommand, join: string): readonly string[] {
  const named = join === '' ? '' : ` ${join}`;
  switch (command.type) {
    case 'OpenSession':
      return ['open'];
    case 'Listen':
      return [`listen ${String(command.backlog)}`, 'listen'];
    case 'ChangePolicy':
      return ['policy'];
    case 'InviteLeaf':
      return [`invite${named} ${command.leafAddress}`, `invite${named}`, 'invite'];
    case 'RequestJoin':
      return [`join${named}`, 'join'];
    case 'AcceptJoin':
      return [`accept ${command.join}`, 'accept'];
    case 'RejectJoin':
      return [`reject ${command.join}`, 'reject'];
    case 'DeferJoin':
      return [`defer ${command.join}`, 'defer'];
    case 'CloseSocket':
      return ['close'];
    case 'ShutdownSession':
      return [`shutdown ${command.how}`, 'shutdown'];
    case 'CloseGroup':
      return ['close'];
    case 'ExpireJoins':
      return ['deadline'];
    case 'LoseNode':
      return [`${command.node} lost`, 'lost'];
    case 'SettleCommand':
      return ['settle'];
  }
}

/** What a decision changed, in a few words. */
function effects({ decided }: DecisionStep, cast: Cast): string {
  const words = decided.events.map((event) => {
    switch (event.type) {
      case 'SessionOpened':
        return 'opened';
      case 'ListenStarted':
        return `backlog ${String(event.backlog)}`;
      case 'PolicyChanged':
        return 'policy changed';
      case 'JoinRequested':
        return '';
      case 'CommandSettled':
        return event.code ?? 'nothing to change';
      case 'JoinDeferred':
        return `${event.join} put off`;
      case 'LeafAdmitted':
        return `+ ${cast.endpointOf(event.join) ?? event.leaf}`;
      case 'JoinFailed':
        return `${event.join} ${event.code}`;
      case 'JoinCancelled':
        return `${event.join} cancelled`;
      case 'MemberLeft':
        return `- ${cast.nameOf(event.leaf)}`;
      case 'RootLost':
        return event.heir === null ? 'root lost' : `root lost, heir ${cast.nameOf(event.heir)}`;
      case 'HeirElected':
        return `heir ${cast.nameOf(event.heir)}`;
      case 'RootReplaced':
        return 'another root';
      case 'SessionShutDown':
        return 'shut down';
      case 'SessionClosed':
        return 'closed';
    }
  });
  const said = words.filter((word) => word !== '');
  return said.length > 3
    ? `${said.slice(0, 2).join(', ')}, +${String(said.length - 2)} more`
    : said.join(', ');
}

function toldRows(step: DecisionStep, places: Places): readonly LadderRow[] {
  const told = toldBy(step.before, step.decided.events);
  const present = places.present(step.after);
  const closings = told.filter(({ kind }) => kind === 'FD_CLOSE');
  const each = closings.length > fdCloseMax ? told.filter(({ kind }) => kind !== 'FD_CLOSE') : told;
  const rows = each.map((one) => toldRow(one, places, present));
  return each === told ? rows : [...rows, everybodyRow(closings, places, present)];
}

function toldRow(told: Notification, places: Places, present: readonly boolean[]): LadderRow {
  const { index, label } = told.to.includes('/')
    ? places.ofSocket(told.to as SocketId)
    : places.ofEndpoint(told.to as NodeAddress);
  const code = 'code' in told ? told.code : null;
  return {
    ...unnumbered,
    from: places.service,
    to: index,
    labels: toldLabels(told, label, code !== null),
    about: aboutOf(told, label),
    detail: code ?? '',
    tone: code === null ? 'plain' : 'bad',
    present,
  };
}

function aboutOf(told: Notification, label: string): string {
  if (told.kind === 'ROOT_LOST') return told.heir ? 'heir' : '';
  return 'join' in told ? told.join : label;
}

const unnumbered = { number: null, revision: '', at: null, style: 'solid' } as const;

/** What a notification says on its arrow, in capitals: its name without FD_, which would not fit. */
function toldLabels(told: Notification, label: string, failed: boolean): readonly string[] {
  switch (told.kind) {
    case 'FD_ACCEPT':
      return [`ACCEPT ${told.join}`, 'ACCEPT'];
    case 'FD_CONNECT':
      return failed ? [`CONNECT✗ ${told.join}`, 'CONNECT✗'] : [`CONNECT ${told.join}`, 'CONNECT'];
    case 'FD_CLOSE':
      return label === '' ? ['CLOSE'] : [`CLOSE ${label}`, 'CLOSE'];
    case 'WITHDRAWN':
      return [`WITHDRAWN ${told.join}`, 'WITHDRAWN'];
    case 'LINKED':
      return [`LINKED ${told.join}`, 'LINKED'];
    case 'ROOT_LOST':
      return told.heir ? ['ROOT_LOST heir', 'ROOT_LOST'] : ['ROOT_LOST'];
    case 'ROOT_REPLACED':
      return ['NEW_ROOT'];
    case 'FD_QOS':
      return label === '' ? ['QOS'] : [`QOS ${label}`, 'QOS'];
  }
}

function everybodyRow(
  closings: readonly Notification[],
  places: Places,
  present: readonly boolean[],
): LadderRow {
  const code = closings.map((one) => ('code' in one ? one.code : null)).find((one) => one !== null);
  return {
    ...unnumbered,
    from: places.service,
    to: places.service,
    labels: [`CLOSE to ${String(closings.length)} sockets`, 'CLOSE'],
    about: `${String(closings.length)} sockets`,
    detail: code ?? '',
    tone: code === undefined ? 'plain' : 'bad',
    present,
  };
}
