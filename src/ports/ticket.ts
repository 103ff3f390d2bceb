/** A short-lived record: an OTP, a registration code, an authorization code, an authorization. */
export interface Ticket {
  /** What it is: `otp`, `regcode`, `authorization-code` … */
  readonly kind: string
  /** Unique within the kind. A hash where the plain value is a secret. */
  readonly key: string
  /** JSON text. */
  readonly value: string
  readonly expiresAtMs: number
}

export interface TicketStore {
  /** Stores or replaces; a replaced ticket starts with no attempts. */
  putTicket(ticket: Ticket): Promise<void>
  /** Stores unless a ticket of that kind and key exists that has not expired at `nowMs`. */
  addTicket(ticket: Ticket, nowMs: number): Promise<boolean>
  /** Expired tickets are still found until they are swept. */
  findTicket(
    kind: string,
    key: string,
  ): Promise<(Ticket & { readonly attempts: number }) | undefined>
  /** Removes it and returns it: of any number of callers exactly one gets it. */
  takeTicket(kind: string, key: string): Promise<Ticket | undefined>
  /** Adds one to its attempts and returns the new count; 0 where there is no such ticket. */
  countAttempt(kind: string, key: string): Promise<number>
  /**
   * Tickets of a kind whose key starts with the prefix, by key, at most `limit`; with `after`, a
   * key that starts with the prefix too, only those behind it.
   */
  listTickets(
    kind: string,
    keyPrefix: string,
    limit: number,
    after?: string,
  ): Promise<readonly Ticket[]>
}
