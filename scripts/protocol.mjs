// Writes the tables of docs/PROTOCOL.md from the schemas of libs/wire, so that the document says what
// the services check. Each table stands between two comments: `<!-- table: NAME -->` and `<!-- end -->`.
// usage: node scripts/protocol.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  answerSchema,
  bulletinSchema,
  flowSpecField,
  nodeRequestSchemas,
  notificationSchema,
  policyField,
  replySchema,
  requestSchemas,
  resumeReplySchema,
  startReplySchema,
} from '@joinleaf/wire';
import { retryClass, winsockPolicy, WSA, wsaText } from '@joinleaf/multipoint';

const file = join(import.meta.dirname, '../docs/PROTOCOL.md');

/** Fields that every request has; they have a table of their own. */
const envelope = ['v', 'commandId', 'incarnation'];
const allColumns = ['Field', 'What', 'Default', 'Meaning'];

const tables = {
  envelope: () => onlyFields(requestSchemas.listen, (name) => envelope.includes(name)),
  ...Object.fromEntries(
    Object.keys(requestSchemas).map((verb) => [verb, () => commandFields(verb)]),
  ),
  ...Object.fromEntries(
    Object.entries(nodeRequestSchemas).map(([verb, schema]) => [
      `node-${verb}`,
      () => fields(schema),
    ]),
  ),
  policy: policyTable,
  'policy-change': () => commandFields('policy'),
  reply: () => told(replySchema),
  answer: () => told(answerSchema),
  started: () => told(startReplySchema, 0),
  resumed: () => told(resumeReplySchema, 0),
  bulletin: () => told(bulletinSchema),
  notification: () => told(notificationSchema),
  codes: codeTable,
  'flow-spec': () => told(flowSpecField),
};

/** The document with its tables written anew. */
export function withTables(text) {
  return text.replace(
    /<!-- table: ([\w-]+) -->\n[\s\S]*?<!-- end -->/g,
    (_, name) => `<!-- table: ${name} -->\n\n${tableOf(name)}\n\n<!-- end -->`,
  );
}

function tableOf(name) {
  const table = tables[name];
  if (table === undefined) throw new Error(`docs/PROTOCOL.md asks for an unknown table: ${name}`);
  return table();
}

function commandFields(verb) {
  const schema = requestSchemas[verb];
  return verb === 'resolve'
    ? fields(schema)
    : onlyFields(schema, (name) => !envelope.includes(name));
}

function fields(schema) {
  return onlyFields(schema, () => true);
}

function told(schema, shape) {
  return onlyFields(schema, () => true, { shape, columns: ['Field', 'What', 'Meaning'] });
}

// A message of several shapes has a table for each, under the field that tells them apart.
function onlyFields(schema, isWanted, { shape, columns = allColumns } = {}) {
  const json = schema.toJSONSchema({ io: 'input', unrepresentable: 'any' });
  const written = (one) => table(columns, rowsOf(one, '', isWanted));
  if (json.oneOf === undefined) return written(json);
  if (shape !== undefined) return written(json.oneOf[shape]);
  const tag = tagOf(json.oneOf);
  return json.oneOf
    .map((one) => `\`${tag}\`: ${code(one.properties[tag].const)}\n\n${written(one)}`)
    .join('\n\n');
}

// What a policy leaves out is Winsock's.
function policyTable() {
  const json = policyField.toJSONSchema({ io: 'input', unrepresentable: 'any' });
  for (const [name, value] of Object.entries(winsockPolicy)) json.properties[name].default = value;
  return table(
    allColumns,
    rowsOf(json, '', () => true),
  );
}

function tagOf(shapes) {
  const [first, ...others] = shapes;
  const consts = Object.keys(first.properties).filter(
    (name) => first.properties[name].const !== undefined,
  );
  return consts.find((name) =>
    others.every((other) => other.properties[name]?.const !== first.properties[name].const),
  );
}

function table(columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((column) => row[column]))),
  ].join('\n');
}

function rowsOf({ properties = {}, required = [] }, prefix, isWanted) {
  return Object.entries(properties)
    .filter(([name]) => prefix !== '' || isWanted(name))
    .flatMap(([name, field]) => {
      const missing = required.includes(name) ? 'must be there' : 'may be left out';
      const row = {
        Field: `\`${prefix}${name}\``,
        What: kindOf(field),
        Default: 'default' in field ? code(field.default) : missing,
        Meaning: meaningOf(field),
      };
      return [row, ...rowsInside(field, `${prefix}${name}`)];
    });
}

// The policy and the flow spec have tables of their own; other objects are shown where they stand.
function rowsInside(field, path) {
  if (path === 'policy' || field.title === 'flow spec') return [];
  const inner = withoutNull(field);
  return inner.properties === undefined ? [] : rowsOf(inner, `${path}.`, () => true);
}

const isNull = (schema) => schema.type === 'null';

const withoutNull = (schema) => schema.anyOf?.find((one) => !isNull(one)) ?? schema;

const meaningOf = (field) => escaped(field.description ?? withoutNull(field).description ?? '');

const escaped = (text) => text.replaceAll('|', '\\|');

const code = (value) => `\`${JSON.stringify(value)}\``;

function kindOf(schema) {
  if (schema.title === 'flow spec') return '[flow spec](#flow-specs)';
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return oneOf(schema.enum.map(code));
  if (schema.anyOf !== undefined) return oneOf(unique(schema.anyOf.map(kindOf)));
  if (schema.oneOf !== undefined) {
    return schema.oneOf.length > 3 ? 'object' : oneOf(schema.oneOf.map(shapeOf));
  }
  switch (schema.type) {
    case 'integer':
      return `number${rangeOf(schema)}`;
    case 'array':
      return `list${schema.maxItems === undefined ? '' : ` of at most ${schema.maxItems}`}`;
    case 'object':
      return 'object';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    default:
      return schema.format === 'base64' ? 'base64' : 'text';
  }
}

const unique = (kinds) => [...new Set(kinds)];

function oneOf(kinds) {
  const last = kinds.at(-1);
  return kinds.length < 2 ? last : `${kinds.slice(0, -1).join(', ')} or ${last}`;
}

function shapeOf({ properties }) {
  const parts = Object.entries(properties).map(([name, field]) =>
    field.const === undefined ? name : `"${name}":${JSON.stringify(field.const)}`,
  );
  return `\`{${parts.join(', ')}}\``;
}

function rangeOf({ minimum, maximum }) {
  const from = minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const to = maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  return from === undefined ? '' : ` from ${from}`;
}

function codeTable() {
  const rows = Object.entries(WSA).map(
    ([code, number]) => `| \`${code}\` | ${number} | \`${retryClass(code)}\` | ${wsaText[code]} |`,
  );
  return ['| Code | Number | Retry | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const before = readFileSync(file, 'utf8');
  const after = withTables(before);
  if (!process.argv.includes('--check')) writeFileSync(file, after);
  else if (before !== after) process.exitCode = 1;
  process.stdout.write(
    before === after ? 'docs/PROTOCOL.md is in step\n' : 'docs/PROTOCOL.md changed\n',
  );
}
