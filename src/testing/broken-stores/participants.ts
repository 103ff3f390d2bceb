import type { Store } from '../../ports/store.ts'
import { nextTurn, type BrokenStore } from './broken-store.ts'

/** A store that looks at the session of a refresh token, and not at the client's part in it. */
function rotatingForAll(store: Store): Partial<Store> {
  return {
    async rotate(command) {
      const found = await store.findRefreshToken(command.id, command.secretHash)
      const outcome = await store.rotate(command)
      if (outcome.kind !== 'revoked' || found === undefined) return outcome
      const { sid } = found.session
      const status = await store.findSessionStatus(sid, command.nowMs)
      return status?.state === 'live' ? { kind: 'rotated' } : outcome
    },
  }
}

export const brokenParticipants: readonly BrokenStore[] = [
  {
    name: 'lets a client join what has ended',
    caughtBy: 'joinSession: not once the session has ended',
    overrides: (store) => ({
      async joinSession(command) {
        const joined = await store.joinSession(command)
        return joined ?? store.findSession(command.session.sid)
      },
    }),
  },
  {
    name: 'gives who joins the generations of who was there',
    caughtBy: 'joinSession: stores what it returns',
    overrides: (store) => ({
      async joinSession(command) {
        const joined = await store.joinSession(command)
        const first = await store.findSession(command.session.sid)
        return joined && first && { ...joined, generations: first.generations }
      },
    }),
  },
  {
    name: 'looks whether the session stands, and adds to it later',
    caughtBy: 'race: a join and a logout in every scope',
    overrides: (store) => ({
      async joinSession(command) {
        await nextTurn()
        return store.joinSession(command)
      },
    }),
  },
  {
    name: 'adds a client once more each time that it comes',
    caughtBy: 'joinSession: a client that is in it is not added again',
    overrides: (store) => {
      let joins = 0
      return {
        joinSession: (command) =>
          store.joinSession({
            ...command,
            attributes: { ...command.attributes, joins: (joins += 1) },
          }),
      }
    },
  },
  {
    name: 'takes a token for good while any client is in its session',
    caughtBy: 'rotate: what ends one client of a session',
    overrides: rotatingForAll,
  },
  {
    name: 'says that a session is over when its first client has left',
    caughtBy: 'listSessions: a session and its participants',
    overrides: (store) => ({
      async listSessions(...request) {
        const page = await store.listSessions(...request)
        const items = page.items.map((item) => {
          const first = item.participants.find(({ session }) => session.participantId === '')
          return { ...item, state: first?.state ?? item.state }
        })
        return { ...page, items }
      },
    }),
  },
  {
    name: 'says of one session what its first client has of it',
    caughtBy: 'findSessionStatus:',
    overrides: (store) => ({
      async findSessionStatus(...request) {
        const status = await store.findSessionStatus(...request)
        const first = status?.participants.find(({ session }) => session.participantId === '')
        return status && first && { ...status, ...first }
      },
    }),
  },
  {
    name: 'counts participants for sessions',
    caughtBy: 'listSessions and countSessions: through any participant',
    overrides: (store) => ({
      async countSessions(filter) {
        const page = { limit: 1000, cursor: undefined }
        const { items } = await store.listSessions(filter, 0, page)
        const count = items.reduce((sum, { participants }) => sum + participants.length, 0)
        return { count, isExact: true }
      },
    }),
  },
  {
    name: 'tells only who opened a session that it has ended',
    caughtBy: 'readEnds: every participant',
    overrides: (store) => ({
      async readEnds(request) {
        const ends = await store.readEnds(request)
        if (ends === undefined) return undefined
        const ended = ends.ended.filter(({ session }) => session.participantId === '')
        return { ...ends, ended }
      },
    }),
  },
]
