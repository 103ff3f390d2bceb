/**
 * Where the operator reads what happened. Fields are for machines; no token, secret, password,
 * cookie or query string may be passed here (invariant 8).
 */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}
