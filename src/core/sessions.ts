/**
 * Sessions, as surfaces look them up. Opening, joining, refreshing and ending are verbs of their
 * own.
 */
import type { Session, SessionStatus } from '../domain/session.ts'
import type { Page, PageRequest, SessionFilter, SessionStore } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'
import { parseRefreshToken } from './refresh-token.ts'

export interface Sessions {
  /** Newest first, each with its state as it is now. See `SearchPageRequest`. */
  list(filter: SessionFilter, page: PageRequest): Promise<Page<SessionStatus>>
  /** How many the filter finds: all of them, or as far as the bounds go. */
  readonly count: SessionStore['countSessions']
  /** Who has a part in the sessions that the filter finds, most sessions first. */
  readonly countByClient: SessionStore['countSessionsByClient']
  /** How many of those that are stored were opened in each step of time. */
  readonly openings: SessionStore['countOpenings']
  /** As its first participant has it. */
  readonly find: SessionStore['findSession']
  /** One session, whether it has ended, and its clients; undefined where there is none. */
  status(sid: string): Promise<SessionStatus | undefined>
  /** The newest session of a device that is live now. */
  findOfDevice(deviceKey: string): Promise<Session | undefined>
  /**
   * The session of a refresh token, ended, expired or live; undefined where the token is unknown.
   */
  findByRefreshToken(token: string): Promise<Session | undefined>
  /** The moment after which no access token is good that was ever issued; 0 where none was. */
  readonly lastAccessExpiryMs: SessionStore['lastAccessExpiryMs']
  /** The counters as they are for such a session. */
  readonly generations: SessionStore['generations']
}

export function sessionVerbs({
  store,
  clock,
}: Pick<CoreDependencies, 'store' | 'clock'>): Sessions {
  return {
    list: (filter, page) => store.listSessions(filter, clock.nowMs(), page),
    count: (filter, bounds) => store.countSessions(filter, bounds),
    countByClient: (filter, limit) => store.countSessionsByClient(filter, limit),
    openings: (request) => store.countOpenings(request),
    find: (sid) => store.findSession(sid),
    status: (sid) => store.findSessionStatus(sid, clock.nowMs()),
    findOfDevice: (deviceKey) => store.findDeviceSession(deviceKey, clock.nowMs()),
    lastAccessExpiryMs: () => store.lastAccessExpiryMs(),
    generations: (of) => store.generations(of),

    async findByRefreshToken(token) {
      const parsed = parseRefreshToken(token)
      if (parsed === undefined) return undefined
      return (await store.findRefreshToken(parsed.id, parsed.secretHash))?.session
    },
  }
}
