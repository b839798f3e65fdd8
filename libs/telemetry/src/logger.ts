import type { LogSettings } from '@capsule/config';
import { type BaseLogger, type DestinationStream, pino, stdTimeFunctions } from 'pino';
import { prettyLine } from './pretty.js';
import { redactFields, redactText } from './redaction.js';
import { currentContext } from './request-context.js';
import { traceIdOf } from './traceparent.js';

/** What of pino is in use. Not its children: what is bound to a child never passes redaction. */
export type Logger = Pick<BaseLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/**
 * JSON lines, or readable ones in a terminal. Every line carries the ids of the request it belongs to. Lines are written at
 * once rather than buffered: the last line before a crash is the one that is needed.
 */
export function createLogger(
  options: { app: string } & LogSettings,
  output: DestinationStream = pino.destination({ fd: process.stdout.fd, sync: true }),
): Logger {
  const pretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true);
  return pino(
    {
      level: options.level,
      base: { app: options.app, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: redactFields,
      },
      // pino's own would flatten the causes that redaction has already laid out.
      serializers: { err: (error: unknown) => error },
      mixin: contextFields,
      hooks: { streamWrite: redactText },
    },
    pretty ? { write: (line) => output.write(prettyLine(line)) } : output,
  );
}

function contextFields(): Record<string, string> {
  const context = currentContext();
  if (!context) return {};
  const fields: Record<string, string> = { requestId: context.requestId };
  if (context.traceparent !== undefined) fields['traceId'] = traceIdOf(context.traceparent);
  if (context.tenantId !== undefined) fields['tenantId'] = context.tenantId;
  return fields;
}
