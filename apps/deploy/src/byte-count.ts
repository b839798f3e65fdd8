/** For TypeORM. bigint columns come as text because they may exceed 2^53; the byte counts kept here can't. */
export const byteCount = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};
