/** No server answered in time. */
export class BrokerUnreachable extends Error {
  override readonly name = 'BrokerUnreachable';
  constructor(override readonly cause: unknown) {
    super(`no NATS server answered: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** The server does not know this user, or not with this password. */
export class BrokerRefusesUs extends Error {
  override readonly name = 'BrokerRefusesUs';
  constructor(override readonly cause: Error) {
    super(`the NATS server refuses our user or password: ${cause.message}`);
  }
}

/** The server is of a version that does not keep what we promise. */
export class BrokerTooOld extends Error {
  override readonly name = 'BrokerTooOld';
  constructor(
    readonly version: string,
    readonly versionMin: string,
  ) {
    super(`nats-server ${versionMin} or newer is needed, this one is ${version}`);
  }
}

/** JetStream said no. */
export class JetStreamRefusal extends Error {
  override readonly name = 'JetStreamRefusal';
  constructor(
    /** Of the server's error table, such as 10071. */
    readonly code: number,
    readonly description: string,
  ) {
    super(`JetStream: ${description} (${String(code)})`);
  }
}

/** What lies in a stream could not be asked for in time. */
export class StreamUnreachable extends Error {
  override readonly name = 'StreamUnreachable';
  constructor(
    readonly stream: string,
    override readonly cause: unknown,
  ) {
    super(
      `stream ${stream} cannot be read now: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

/** A stored message that is no record we can read. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
  constructor(
    readonly sequence: number,
    readonly subject: string,
    readonly reason: string,
  ) {
    super(`message ${String(sequence)} on ${subject} cannot be read: ${reason}`);
  }
}

/** A subject has messages, and the server cannot read the last of them: what it says of it is wrong. */
export class SubjectDamaged extends Error {
  override readonly name = 'SubjectDamaged';
  constructor(
    readonly stream: string,
    readonly subject: string,
    readonly count: number,
  ) {
    super(`${stream} counts ${String(count)} messages on ${subject}, and cannot read the last one`);
  }
}
