/** Content types under which a body is taken for the bytes of an archive. */
export const archiveTypes = ['application/gzip', 'application/x-gzip', 'application/octet-stream'];
