import { execFileSync } from 'node:child_process';
import { places } from '@joinleaf/launcher';
import { textOf } from './files.js';

/** The image of each program of ours that is configured by JOINLEAF_* variables, and its folder. */
export const programs: Readonly<Record<string, string>> = {
  'joinleaf/session': 'session',
  'joinleaf/notifier': 'notifier',
  'joinleaf/leaf-agent': 'leaf-agent',
};

const known = new Map<string, ReadonlyMap<string, string | null>>();

/** The variables that a program knows, and what they are without being set: asked of the program itself. */
export function variablesOf(service: string): ReadonlyMap<string, string | null> {
  const variables = known.get(service) ?? askedOf(service);
  known.set(service, variables);
  return variables;
}

function askedOf(service: string): ReadonlyMap<string, string | null> {
  const help = execFileSync(process.execPath, [places.mainOf(service), '--help'], {
    encoding: 'utf8',
  });
  return new Map(
    [...help.matchAll(/^ {2}--\S+ +(JOINLEAF_\w+) (.*)$/gm)].map(([, name = '', words = '']) => [
      name,
      /default (\S+)$/.exec(words)?.[1] ?? null,
    ]),
  );
}

/** The port of a program's HTTP edge, where nothing else is set. */
export const portOf = (service: string): number =>
  Number(variablesOf(service).get('JOINLEAF_HTTP_PORT'));

/** The variables that a configuration of the broker needs, with all that it includes. */
export function brokerVariables(file: 'server.conf' | 'cluster.conf', nodeUsers: string): string[] {
  const files = ['server.conf', 'accounts.conf', ...(file === 'cluster.conf' ? [file] : [])];
  const texts = [...files.map((name) => textOf(`deploy/nats/${name}`)), textOf(nodeUsers)];
  const named = texts.flatMap((text) => [...text.matchAll(/\$(JOINLEAF_\w+)/g)]);
  return [...new Set(named.map(([, name = '']) => name))].sort();
}

/** The stages of the Dockerfile; those that are images of ours are among them. */
export const dockerfile = textOf('deploy/docker/Dockerfile');

/** What a stage of the Dockerfile sets in the environment, with the stages it stands on. */
export function stageVariables(stage: string): ReadonlyMap<string, string> {
  const [, from = '', body = ''] =
    new RegExp(`^FROM (\\S+) AS ${stage}$([\\s\\S]*?)(?=^FROM |$(?![\\s\\S]))`, 'm').exec(
      dockerfile,
    ) ?? [];
  const below = new RegExp(`^FROM \\S+ AS ${from}$`, 'm').test(dockerfile)
    ? stageVariables(from)
    : new Map<string, string>();
  const own = [...body.matchAll(/(?:^ENV|^ ) .*$/gm)].flatMap(([line]) => [
    ...line.matchAll(/([A-Z_]+)=(\S+)/g),
  ]);
  return new Map([
    ...below,
    ...own.map(([, name = '', value = '']): [string, string] => [name, value]),
  ]);
}
