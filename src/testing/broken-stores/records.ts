import { Refusal } from '../../domain/failure.ts'
import type { Ticket } from '../../ports/ticket.ts'
import type { BrokenStore } from './broken-store.ts'

export const brokenRecords: readonly BrokenStore[] = [
  {
    name: 'creates over what is taken',
    caughtBy: 'createSubject: what is taken',
    overrides: (store) => ({
      async createSubject(subject) {
        try {
          await store.createSubject(subject)
        } catch (error) {
          if (!(error instanceof Refusal && error.failure.kind === 'conflict')) throw error
        }
      },
    }),
  },
  {
    name: 'looks people up by what was typed',
    caughtBy: 'createSubject: every spelling',
    overrides: (store) => ({
      async findSubject(lookup) {
        const found = await store.findSubject(lookup)
        return lookup.by === 'id' || found?.[lookup.by] === lookup.value ? found : undefined
      },
    }),
  },
  {
    name: 'drops what cannot be seen',
    caughtBy: 'createSubject: an identifier that is invisible',
    overrides: (store) => ({
      createSubject: (subject) =>
        store.createSubject({
          ...subject,
          username: subject.username?.replaceAll(/\p{Cf}/gu, ''),
        }),
    }),
  },
  {
    name: 'throws what the driver throws',
    caughtBy: 'createClient: found by id',
    overrides: (store) => ({
      async createClient(client) {
        try {
          await store.createClient(client)
        } catch (error) {
          throw new Error('UNIQUE constraint failed: clients.id', { cause: error })
        }
      },
    }),
  },
  {
    name: 'writes attributes whatever they were before',
    caughtBy: 'updateClient: nothing changes where',
    overrides: (store) => ({
      updateClient(id, change) {
        const rest = { ...change }
        delete rest.attributesBefore
        return store.updateClient(id, rest)
      },
    }),
  },
  {
    name: 'clears what an update does not name',
    caughtBy: 'updateSubject: changes what is given',
    overrides: (store) => ({
      updateSubject: (id, change) => store.updateSubject(id, { attributes: {}, ...change }),
    }),
  },
  {
    name: 'finds a client by a key of another dialect',
    caughtBy: 'createClient: found by id',
    overrides: (store) => ({
      async findClient(lookup) {
        const found = await store.findClient(lookup)
        if (found || lookup.by === 'id') return found
        return store.findClient({ ...lookup, dialect: 'oauth' })
      },
    }),
  },
  {
    name: 'looks whether a ticket is used, then opens: two callers get a session',
    caughtBy: 'redeem: of 50 callers',
    overrides: (store) => ({
      async redeem(command) {
        if ('join' in command) return store.redeem(command)
        const { kind, key, value } = command.ticket
        const found = await store.findTicket(kind, key)
        if (found?.attempts !== 0) return { kind: 'used' }
        const session = await store.openSession(command.session)
        await store.putTicket({ ...found, value })
        await store.countAttempt(kind, key)
        return { kind: 'redeemed', session }
      },
    }),
  },
  {
    name: 'lets a client join, then marks the ticket: those that lose have joined as well',
    caughtBy: 'redeem: of 50 callers exactly one joins',
    overrides: (store) => ({
      async redeem(command) {
        if (!('join' in command)) return store.redeem(command)
        const { kind, key } = command.ticket
        const session = await store.joinSession(command.join)
        if (session === undefined) return { kind: 'ended' }
        if ((await store.countAttempt(kind, key)) !== 1) return { kind: 'used' }
        return { kind: 'redeemed', session }
      },
    }),
  },
  {
    name: 'uses a ticket up for a session that has ended',
    caughtBy: 'redeem: a session that has ended is not joined',
    overrides: (store) => ({
      async redeem(command) {
        const outcome = await store.redeem(command)
        const { kind, key } = command.ticket
        if (outcome.kind === 'ended') await store.countAttempt(kind, key)
        return outcome
      },
    }),
  },
  {
    name: 'marks a ticket, then opens: a refused session uses it up',
    caughtBy: 'redeem: one that is refused',
    overrides: (store) => ({
      async redeem(command) {
        try {
          return await store.redeem(command)
        } catch (error) {
          await store.countAttempt(command.ticket.kind, command.ticket.key)
          throw error
        }
      },
    }),
  },
  {
    name: 'finds a ticket, then removes it: two callers get it',
    caughtBy: 'takeTicket: of 50 callers',
    overrides: (store) => ({
      async takeTicket(kind, key) {
        const found = await store.findTicket(kind, key)
        await store.takeTicket(kind, key)
        return found
      },
    }),
  },
  {
    name: 'reads an attempt count, then writes it: guesses at once count once',
    caughtBy: 'countAttempt: 50 at once',
    overrides: (store) => ({
      async countAttempt(kind, key) {
        const found = await store.findTicket(kind, key)
        const counted = await store.countAttempt(kind, key)
        return found ? found.attempts + 1 : counted
      },
    }),
  },
  {
    name: 'looks for a ticket, then stores: two callers add it',
    caughtBy: 'addTicket: of 50 callers',
    overrides: (store) => ({
      async addTicket(ticket, nowMs) {
        const found = await store.findTicket(ticket.kind, ticket.key)
        if (found && nowMs <= found.expiresAtMs) return false
        await store.putTicket(ticket)
        return true
      },
    }),
  },
  {
    name: 'keeps attempts when a ticket is replaced',
    caughtBy: 'putTicket: stores, and replaces',
    overrides: (store) => ({
      async putTicket(ticket) {
        const before = (await store.findTicket(ticket.kind, ticket.key))?.attempts ?? 0
        await store.putTicket(ticket)
        for (let count = 0; count < before; count += 1) {
          await store.countAttempt(ticket.kind, ticket.key)
        }
      },
    }),
  },
  {
    name: 'takes a prefix for a pattern',
    caughtBy: 'listTickets: by key',
    overrides: (store) => ({
      async listTickets(kind, prefix, limit, after) {
        const all = await store.listTickets(kind, '', 1000, after)
        const pattern = new RegExp(`^${prefix.replaceAll('%', '.*')}`, 'si')
        return all.filter(({ key }) => pattern.test(key)).slice(0, limit)
      },
    }),
  },
  {
    name: 'begins a page of tickets with the last of the page before',
    caughtBy: 'listTickets: by key',
    overrides: (store) => ({
      async listTickets(kind, prefix, limit, after) {
        const [last] = after === undefined ? [] : await store.listTickets(kind, after, 1)
        const rest = await store.listTickets(kind, prefix, limit, after)
        return [...(last === undefined ? [] : [last]), ...rest].slice(0, limit)
      },
    }),
  },
  {
    name: 'keeps tickets in memory',
    caughtBy: 'durable: everything that was resolved',
    overrides: () => {
      const tickets = new Map<string, Ticket & { attempts: number }>()
      return {
        async putTicket(ticket) {
          tickets.set(`${ticket.kind} ${ticket.key}`, { ...ticket, attempts: 0 })
        },
        findTicket: async (kind, key) => tickets.get(`${kind} ${key}`),
        async countAttempt(kind, key) {
          const found = tickets.get(`${kind} ${key}`)
          if (found) found.attempts += 1
          return found?.attempts ?? 0
        },
      }
    },
  },
  {
    name: 'looks whether a key signs, then adds one: two nodes sign with two',
    caughtBy: 'rotateKeys: of 20 first callers',
    overrides: (store) => ({
      async rotateKeys(next, retire, unlessPresent) {
        if (unlessPresent && (await store.listKeys()).length > 0) return false
        return store.rotateKeys(next, retire, false)
      },
    }),
  },
  {
    name: 'sweeps all at once',
    caughtBy: 'sweep: at most the limit',
    overrides: (store) => ({ sweep: (nowMs) => store.sweep(nowMs, 1000) }),
  },
  {
    name: 'sweeps what is not expired yet',
    caughtBy: 'sweep: removes what has expired',
    overrides: (store) => ({ sweep: (nowMs, limit) => store.sweep(nowMs + 1, limit) }),
  },
]
