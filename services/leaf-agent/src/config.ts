import { nameSetting, portField, secretField, serviceConfig, wholeField } from '@joinleaf/nest-kit';
import { boundMsMax, boundMsMin, connectDataBytesMax } from '@joinleaf/wire';
import { z } from 'zod';

const admissionField = z.union(
  [
    z.enum(['accept', 'reject', 'defer']),
    z.strictObject({
      ask: z.url({ protocol: /^https?$/, error: 'is no http address' }),
      timeoutMs: wholeField(50, 60_000).default(2_000),
    }),
  ],
  'is none of accept, reject, defer and { ask: <http address> }',
);
export type Admission = z.output<typeof admissionField>;

const endpointField = z
  .strictObject({
    name: nameSetting.optional(),
    port: wholeField(0, 65_535).default(0),
    listen: z.boolean().default(true),
    admission: admissionField.default('defer'),
    calleeData: z
      .string()
      .refine((text) => Buffer.byteLength(text) <= connectDataBytesMax, 'is longer than 4096 bytes')
      .optional(),
    backlog: wholeField(1, 100_000).optional(),
  })
  .refine(({ name, port }) => name !== undefined || port > 0, 'has neither a name nor a port')
  .transform((endpoint) => ({
    ...endpoint,
    name: endpoint.name ?? `port-${String(endpoint.port)}`,
  }));
export type EndpointConfig = z.output<typeof endpointField>;

const distinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

// From the environment a list of endpoints arrives as JSON.
const endpointsField = z.preprocess(
  (given) => (typeof given === 'string' ? parsed(given) : given),
  z
    .array(endpointField, 'is no list of endpoints')
    .refine((all) => distinct(all.map(({ name }) => name)), 'names two endpoints alike')
    .refine(
      (all) => distinct(all.flatMap(({ port }) => port || [])),
      'gives two endpoints one port',
    ),
);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const isLoopback = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host);

/** What the leaf agent is configured by: JOINLEAF_* variables, flags, or a file. */
export const agentConfig = z
  .strictObject({
    ...serviceConfig,
    user: serviceConfig.user.describe('NATS user of this node'),
    httpHost: serviceConfig.httpHost.describe('where local programs find the agent'),
    httpPort: portField.default(8_083).describe(serviceConfig.httpPort.description ?? ''),
    httpToken: secretField
      .min(16, 'is shorter than 16 characters')
      .optional()
      .describe('a secret that programs send as `Authorization: Bearer`; needed off loopback'),
    node: nameSetting.describe('the name of this node, as in `lobby:1`'),
    endpoints: endpointsField
      .default([])
      .describe('the endpoints of this node, as described above; JSON in a variable'),
    boundMs: wholeField(boundMsMin, boundMsMax)
      .optional()
      .describe('silence after which this node shall count as lost, in milliseconds'),
    eventsKept: wholeField(1, 1_000_000)
      .default(1_000)
      .describe('events of an endpoint that a program may still ask for'),
    asksMax: wholeField(1, 10_000).default(64).describe('admission questions on their way at once'),
  })
  .refine(({ httpHost, httpToken }) => isLoopback(httpHost) || httpToken !== undefined, {
    path: ['httpHost'],
    error: 'is not loopback, so httpToken is required',
  });
export type AgentConfig = z.output<typeof agentConfig>;
