import type { ConnectionOptions } from 'node:tls';
import type { DatabaseTlsSettings } from '@capsule/config';

/** What pg is to do about TLS; the modes mean what they mean to libpq. */
export function tlsOptions({ mode, rootCertificates }: DatabaseTlsSettings): ConnectionOptions | false {
  switch (mode) {
    case 'disable':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
      return { ca: rootCertificates, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { ca: rootCertificates };
  }
}
