import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import { escapeHostile, textOf } from './log-line.js';

/** pino's logger: `log.info({ session }, 'text')`. Payloads never go in. */
export type Log = Logger;

export type LogFormat = 'json' | 'text' | 'none';

export interface LogOptions {
  readonly service: string;
  readonly version: string;
  readonly level: string;
  /** One JSON object per line, or words for a person at a terminal. */
  readonly format: LogFormat;
  /** Where lines go; stdout without it. */
  readonly write?: ((line: string) => void) | undefined;
}

/** A logger whose lines cannot be forged or recoloured by what they quote. */
export function createLog(options: LogOptions): Log {
  const { service, version, level, format } = options;
  const write = options.write ?? ((line: string) => process.stdout.write(line));
  const destination = {
    write: (line: string) => {
      write(format === 'text' ? textOf(line) : escapeHostile(line));
    },
  };
  return pino(
    {
      level: format === 'none' ? 'silent' : level,
      base: { service, version },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** Words at a terminal, JSON elsewhere; JOINLEAF_LOG decides when it is set. */
export function logFormat(wished: string | undefined, isTerminal: boolean): LogFormat {
  if (wished === 'json' || wished === 'text' || wished === 'none') return wished;
  return isTerminal ? 'text' : 'json';
}

/** Nest's own messages, in the same place. What Nest logs while it wires modules is for `debug`. */
export class NestLog implements LoggerService {
  constructor(private readonly sink: Log) {}

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('debug', message, rest);
  }
  error(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('error', message, rest);
  }
  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('warn', message, rest);
  }
  debug(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('fatal', message, rest);
  }

  // Nest passes its context, and for an error the stack before it, as further arguments.
  #write(
    level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: readonly unknown[],
  ): void {
    const context = rest.at(-1);
    const fields = typeof context === 'string' ? { context } : {};
    if (message instanceof Error) this.sink[level]({ ...fields, err: message }, message.message);
    else this.sink[level](fields, typeof message === 'string' ? message : JSON.stringify(message));
  }
}
