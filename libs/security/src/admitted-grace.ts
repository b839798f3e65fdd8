import { ARCHIVE_WRITE_SECONDS_MAX } from '@capsule/contracts';

/** For the calls before and behind an upload, and for a request that waits for a service to come back. */
const CALLS_SECONDS_MAX = 60;

/**
 * How long after its expiry a service accepts a token. The gateway holds to the expiry, at admission; but what it has
 * admitted may reach a service much later, the last request of an upload last of all.
 */
export const ADMITTED_GRACE_SECONDS = ARCHIVE_WRITE_SECONDS_MAX + CALLS_SECONDS_MAX;
