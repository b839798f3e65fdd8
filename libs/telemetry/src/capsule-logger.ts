import { isNativeError } from 'node:util/types';
import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Where Nest tells of every module, route and handler it found. */
const CHATTY_CONTEXTS = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Where Nest logs a failure to start, with its stack, before it throws it to whoever reports it. */
const RETHROWING_CONTEXTS = new Set(['ExceptionHandler', 'NestApplication']);

/**
 * Nest's logger over pino. `new Logger(Feature.name)` from @nestjs/common ends here; beside the message it takes an
 * error (logged with its causes) and objects (logged as fields): `logger.warn('Could not publish', error, { eventId })`.
 */
export class CapsuleLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest appends the name of the writing class as the last string. */
  private write(level: Level, message: unknown, rest: unknown[]): void {
    const fields: Record<string, unknown> = {};
    const context = typeof rest.at(-1) === 'string' ? String(rest.pop()) : undefined;
    if (context !== undefined) fields['context'] = context;
    for (const value of typeof message === 'string' ? rest : [message, ...rest]) {
      if (isNativeError(value)) fields['err'] = value;
      else if (typeof value === 'string') fields['stack'] = value;
      else if (typeof value === 'object' && value !== null && !Array.isArray(value))
        Object.assign(fields, value);
      else if (value !== undefined) fields['value'] = value;
    }
    this.logger[isForDebugging(level, context) ? 'debug' : level](fields, messageOf(message));
  }
}

function isForDebugging(level: Level, context = ''): boolean {
  return (
    (level === 'info' && CHATTY_CONTEXTS.has(context)) ||
    (level === 'error' && RETHROWING_CONTEXTS.has(context))
  );
}

function messageOf(message: unknown): string | undefined {
  if (typeof message === 'string') return message;
  return isNativeError(message) ? message.message : undefined;
}
