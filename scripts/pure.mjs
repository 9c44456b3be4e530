// What makes a library pure: it has no clock, no timer, no source of chance and no outside world.
// Whatever it needs of them comes in as a value.

/** The pure libraries, by folder name. */
export const pureLibraries = [
  'multipoint',
  'event-log',
  'projection',
  'capture',
  'replay',
  'transcript',
  'linearizability',
];

const asInput = 'A pure library takes it as a value from its caller.';

const outside = [
  ['Date', 'Take the time as a number, as in `{ type: "ExpireJoins", now }`.'],
  ['performance', 'Take the time as a number.'],
  ['Temporal', 'Take the time as a number.'],
  ['setTimeout', 'A timer at the edge sends a command.'],
  ['setInterval', 'A timer at the edge sends a command.'],
  ['setImmediate', 'A timer at the edge sends a command.'],
  ['queueMicrotask', 'Await a promise, or let the edge schedule.'],
  ['crypto', asInput],
  ['process', asInput],
  ['fetch', 'Services speak to servers.'],
  ['WebSocket', 'Services speak to servers.'],
  ['console', 'Return what there is to tell.'],
  ['globalThis', 'Name what you need of it, if it is pure.'],
  ['global', 'Name what you need of it, if it is pure.'],
];

/** ESLint rules for the sources of a pure library. */
export const pureRules = {
  'no-restricted-globals': ['error', ...outside.map(([name, message]) => ({ name, message }))],
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: 'Take a seeded generator from the caller.' },
  ],
};
