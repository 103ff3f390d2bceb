import type { ForeignSession } from '../domain/foreign-session.ts'
import type { Page, PageRequest } from './page.ts'

export interface KeepForeignSessions {
  /** Each once. */
  readonly sessions: readonly ForeignSession[]
  /** How many are kept: those that expire first make room for others. */
  readonly maxKept: number
}

export type ForeignSessionFilter = Partial<
  Pick<ForeignSession, 'issuer' | 'subject' | 'session' | 'client'>
>

export interface ForeignSessionStore {
  /**
   * Adds those that are not there, by all four of their names; of those that are, keeps when each
   * was first seen, and the later of each other time.
   */
  keepForeignSessions(command: KeepForeignSessions): Promise<void>

  /** In the order of issuer, subject, session and client. */
  listForeignSessions(
    filter: ForeignSessionFilter,
    page: PageRequest,
  ): Promise<Page<ForeignSession>>
}
