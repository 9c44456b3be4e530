import { StreamUnreachable, type StoredParked } from '@joinleaf/jetstream-log';
import { span } from '@joinleaf/replay';
import { dim, line, strong, warn, wrap, type Line } from '@joinleaf/transcript';
import { counted } from '../counted.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { connectLive, type Live } from '../live.js';
import { suggest, type VerbContext } from '../verb.js';

/** `joinleaf parked [SEQUENCE]`: stored messages that nobody could read, and why; one of them with its bytes. */
export async function parked(context: VerbContext, wanted: string | undefined): Promise<ExitCode> {
  const { settings, world, terminal } = context;
  const sequence = wanted === undefined ? null : sequenceIn(wanted);
  const signal = world.interrupted;
  await using live = await connectLive(settings(), { role: 'auditor', signal });
  const all = await everythingParked(live, signal);
  const found = all.filter(({ record }) => sequence === null || record.sequence === sequence);
  if (sequence !== null && found.length === 0) {
    throw new Trouble(exitCodes.notFound, `no message ${String(sequence)} is parked`, [
      all.length === 0 ? 'nothing is' : 'joinleaf parked lists those that are',
    ]);
  }
  switch (terminal.format) {
    case 'json':
      terminal.json({ schema: 'joinleaf.parked/1', parked: found.map(({ record }) => record) });
      break;
    case 'ndjson':
      for (const { record } of found) terminal.record(record);
      break;
    case 'plain':
      for (const { record } of found) {
        const { stream, size, reason, subject, by } = record;
        terminal.fields([record.sequence, stream, subject, size, by, reason]);
      }
      break;
    case 'page':
      printPage(context, found, sequence !== null);
  }
  return exitCodes.fine;
}

/** Everything that is parked in a realm; nothing where services of before there was a place for it have run. */
export async function everythingParked(
  live: Live,
  signal: AbortSignal,
): Promise<readonly StoredParked[]> {
  const all: StoredParked[] = [];
  try {
    for await (const one of live.parked.all({ signal })) all.push(one);
  } catch (error) {
    if (!(error instanceof StreamUnreachable)) throw error;
    if (error.cause !== 'there is no such stream') throw error;
  }
  return all;
}

function sequenceIn(text: string): number {
  const sequence = Number(text);
  if (Number.isSafeInteger(sequence) && sequence >= 1) return sequence;
  throw new Trouble(exitCodes.usage, `${JSON.stringify(text)} is no position in a stream`, [
    'joinleaf parked lists what is parked, with its position',
  ]);
}

function printPage(context: VerbContext, found: readonly StoredParked[], withBytes: boolean): void {
  const { terminal, world } = context;
  if (found.length === 0) {
    terminal.remark('nothing is parked: every stored message could be read');
    return;
  }
  terminal.page(
    found.flatMap((one) => [
      ...headLines(one, world.now(), terminal.width),
      ...(withBytes ? detailLines(one) : []),
    ]),
  );
  const [first] = found;
  if (!withBytes && first !== undefined) {
    suggest(context, `joinleaf parked ${String(first.record.sequence)}`, 'joinleaf verify --all');
  }
}

function headLines({ record }: StoredParked, now: number, width: number | null): readonly Line[] {
  const { stream, sequence, subject, reason, size, storedAt } = record;
  return [
    line(
      strong(`${stream} ${String(sequence)}`),
      dim(`  ${counted(size, 'byte')}, stored ${span(Math.max(0, now - storedAt))} ago on `),
      subject,
    ),
    ...wrap(reason, width === null ? null : width - 4).map((part) => line('    ', warn(part))),
  ];
}

const bytesInLine = 16;

function detailLines({ record }: StoredParked): readonly Line[] {
  const { by, seenAt, hash, size } = record;
  const bytes = Buffer.from(record.bytes, 'base64');
  const cut = size > bytes.length ? `, the first ${String(bytes.length)} of them are kept` : '';
  return [
    line(dim('    found by  '), `${by} at ${new Date(seenAt).toISOString()}`),
    line(dim('    hash      '), hash),
    line(dim('    bytes     '), `${String(size)}${cut}`),
    ...dumpLines(bytes),
    line(dim('    it stays where it lies; its session, if it has one, is refused (H14)')),
  ];
}

/** Bytes as numbers, and beside them those that are printable ASCII: nothing of them acts on a terminal. */
function dumpLines(bytes: Uint8Array): readonly Line[] {
  const lines: Line[] = [];
  for (let at = 0; at < bytes.length; at += bytesInLine) {
    const part = [...bytes.subarray(at, at + bytesInLine)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = part
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'))
      .join('');
    const place = at.toString(16).padStart(4, '0');
    lines.push(line(dim(`    ${place}  `), hex.padEnd(bytesInLine * 3 - 1), '  ', text));
  }
  return lines;
}
