import type { Match } from '../proxied-way.js';

// What passes between the parties and the brokers, by what it is for.

/** A commit on its way to the log. */
export const append: Match = { direction: 'up', verb: /^HPUB$/, subject: /\.evt\./ };
/** What the broker says to a commit. */
export const acknowledgement: Match = { direction: 'down', verb: /MSG$/, answers: /\.evt\./ };
/** A commit on its way to whoever follows the log. */
export const followed: Match = { direction: 'down', verb: /MSG$/, subject: /^jl\.[^.]+\.evt\./ };
/** A bulletin on its way to a node. */
export const told: Match = { direction: 'down', verb: /MSG$/, subject: /^jl\.[^.]+\.fd\./ };
/** A bulletin on its way to its stream. */
export const telling: Match = { direction: 'up', verb: /^H?PUB$/, subject: /\.fd\./ };
/** A command on its way from a program. */
export const command: Match = { direction: 'up', verb: /^H?PUB$/, subject: /\.cmd\./ };
export const beat: Match = { direction: 'up', verb: /^H?PUB$/, subject: /\.node\.[^.]+\.beat$/ };

/** Commands of some verbs, such as `join` and `accept`. */
export const commandTo = (...verbs: readonly string[]): Match => ({
  ...command,
  subject: new RegExp(`\\.cmd\\..*\\.(?:${verbs.join('|')})$`),
});
