import { types } from 'node:util';
import type { DatabaseTlsSettings } from '@capsule/config';

interface Server {
  host: string;
  tls: DatabaseTlsSettings;
}

/** Codes by which Node says that no known authority vouches for a certificate, or no longer. */
const CERTIFICATE_FAULTS: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const INVALID_AUTHORIZATION = '28000';
const REFUSED_BY_POOLER = 'unsupported startup parameter';

/** Says which variable an operator has to look at when a connection fails for how it was set up; other errors come back as they are. */
export function explainConnectionFailure(error: unknown, { host, tls }: Server): unknown {
  if (!types.isNativeError(error)) return error;
  const advice = adviceOn(error, host, tls);
  return advice === undefined ? error : new Error(`${advice} (${error.message})`, { cause: error });
}

function adviceOn(
  error: Error,
  host: string,
  { mode, rootCertificates }: DatabaseTlsSettings,
): string | undefined {
  const code = 'code' in error ? error.code : undefined;
  if (error.message === 'The server does not support SSL connections') {
    return `DATABASE_SSLMODE is ${mode}, but PostgreSQL on ${host} has TLS switched off`;
  }
  if (code === INVALID_AUTHORIZATION && error.message.endsWith('no encryption')) {
    return `DATABASE_SSLMODE is ${mode}, but PostgreSQL on ${host} takes no connection without TLS`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `DATABASE_SSLMODE is ${mode}, but the certificate of PostgreSQL is not for the host ${host}`;
  }
  if (typeof code === 'string' && CERTIFICATE_FAULTS.has(code)) {
    const authorities =
      rootCertificates === undefined ? 'not set, so the public authorities hold' : 'not of its authority';
    return `The certificate of PostgreSQL on ${host} is not trusted: DATABASE_SSLROOTCERT is ${authorities}`;
  }
  if (error.message.startsWith(REFUSED_BY_POOLER)) {
    return (
      `A pooler answers on ${host}: services need DATABASE_POOLER=transaction there, ` +
      'and migrations the server itself (<SERVICE>_SERVICE_DB_DIRECT_HOST and _PORT)'
    );
  }
  return undefined;
}
