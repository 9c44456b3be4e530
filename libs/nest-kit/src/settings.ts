import type { z } from 'zod';

/** A configuration's schema: made with `z.strictObject`, its fields named in camel case. */
export type ConfigSchema = z.ZodObject;

/** One field of a configuration, and what it is called outside. */
export interface Setting {
  readonly key: string;
  readonly flag: string;
  readonly variable: string;
  readonly secret: boolean;
  readonly description: string;
  /** As text; null when there is none. */
  readonly fallback: string | null;
  readonly required: boolean;
}

/** Lists the settings of a schema, in its order. */
export function settingsOf(schema: ConfigSchema, prefix = 'JOINLEAF_'): readonly Setting[] {
  return Object.entries(schema.shape).map(([key, field]) => {
    const words = key
      .replace(/[A-Z]/g, (letter) => ` ${letter}`)
      .toLowerCase()
      .split(' ');
    const layers = layersOf(field as z.ZodType);
    const fallback = fallbackOf(layers);
    return {
      key,
      flag: `--${words.join('-')}`,
      variable: `${prefix}${words.join('_').toUpperCase()}`,
      secret: layers.some((layer) => layer.meta()?.secret === true),
      description:
        layers.map((layer) => layer.description).find((text) => text !== undefined) ?? '',
      fallback: fallback === undefined || isEmptyList(fallback) ? null : asText(fallback),
      required: !(field as z.ZodType).safeParse(undefined).success,
    };
  });
}

/** The settings as text, for `--help`. */
export function settingsText(name: string, settings: readonly Setting[]): string {
  const rows = settings.map(({ flag, variable, description, fallback, required }) => {
    const note = required ? 'required' : fallback === null ? '' : `default ${fallback}`;
    return `  ${flag.padEnd(22)} ${variable.padEnd(32)} ${[description, note].filter(Boolean).join('; ')}`;
  });
  const file = `  ${'--config'.padEnd(22)} ${'JOINLEAF_CONFIG'.padEnd(32)} a file with settings, YAML or JSON`;
  return [`Settings of joinleaf ${name}:`, file, ...rows, ''].join('\n');
}

/** The settings as a table for a README, as Prettier would write it. */
export function settingsTable(settings: readonly Setting[]): string {
  const head = ['Variable', 'Meaning', 'Default'];
  const rows = settings.map(({ variable, description, fallback, required }) => [
    `\`${variable}\``,
    description,
    required ? 'required' : fallback === null ? '' : `\`${fallback}\``,
  ]);
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

interface Wrapping {
  readonly innerType?: z.ZodType;
  readonly defaultValue?: unknown;
}

// `secretField.optional()` wraps the field that knows it is a secret.
function layersOf(field: z.ZodType): readonly z.ZodType[] {
  const inner = (field.def as Wrapping).innerType;
  return inner === undefined ? [field] : [field, ...layersOf(inner)];
}

const fallbackOf = (layers: readonly z.ZodType[]): unknown =>
  layers.map((layer) => (layer.def as Wrapping).defaultValue).find((value) => value !== undefined);

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

const asText = (value: unknown): string =>
  Array.isArray(value)
    ? value.join(',')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
