/**
 * Ways to get a server wrong, one at a time. Each takes out what mends a hole that a storm, a
 * client that tried again or a wrong clock once showed; the fleets must find every one of them, or
 * they prove nothing.
 */
import { copyFileSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Revocation } from '../../../src/domain/revocation.ts'
import type { Store } from '../../../src/ports/store.ts'
import { GRANTED_LEASE } from '../../../src/server/verification.ts'
import { calm, retries, type BrokenFleet } from './broken-fleet.ts'
import { brokenDeliveries } from './delivery-variants.ts'
import { dialects } from './dialects.ts'
import { altered, type Sabotage } from './sabotage.ts'

const again = /(accepted|refreshed) .* after /
const hourMs = 3_600_000

/** What is answered where no verifier was waited for. */
const atOnce = { acknowledged: 1, verifiers: 1, lapsed: 0, elapsedMs: 0 }

const repeatedLogouts: Readonly<Record<string, BrokenFleet>> = {
  'a logout takes a dead token for an answer, as any other call does': {
    variant: { ...retries, servers: 1, sabotage: () => ({ deadIsDone: true }) },
    symptom: again,
  },
  'what had ended before is not waited for at this server': {
    variant: {
      ...retries,
      servers: 1,
      sabotage: () => ({
        hub: (real) => altered(real, { confirmedUpTo: () => Promise.resolve(atOnce) }),
      }),
    },
    symptom: again,
  },
  'what had ended before is not waited for at the other servers': {
    variant: {
      ...retries,
      servers: 2,
      sabotage: () => ({
        leases: (real) =>
          altered(real, { confirmedUpTo: () => Promise.resolve({ acknowledged: 1, lapsed: 0 }) }),
      }),
    },
    symptom: again,
  },
  'the leases that an earlier run has granted are not counted': {
    variant: { ...retries, servers: 1, sabotage: () => ({ store: withoutGrantedLeases }) },
    symptom: again,
  },
}

const weeks = { ...calm, weeks: true }
/** As long as the longest life in the table of a configuration, and a margin. */
const maxInTableMs = Math.max(
  ...dialects.filter(({ isListed }) => isListed).map(({ accessLifetimeMs }) => accessLifetimeMs),
)

const retention: Readonly<Record<string, BrokenFleet>> = {
  'a revocation is kept for the lives that the configuration lists': {
    firstSeed: 74,
    variant: { ...weeks, sabotage: () => ({ store: keeping(() => maxInTableMs) }) },
    symptom: again,
  },
  'a revocation is kept for the lives that there were when its server started': {
    firstSeed: 16,
    variant: { ...weeks, sabotage: keptForOldLives },
    symptom: again,
  },
  'a revocation is kept for the lives that its own server has issued': {
    firstSeed: 64,
    variant: { ...weeks, servers: 3, sabotage: keptForOwnLives },
    symptom: again,
  },
}

const wrong = { ...calm, wrongClocks: true }

const clocks: Readonly<Record<string, BrokenFleet>> = {
  'a server forgets by its own clock': {
    variant: {
      ...wrong,
      sabotage: () => ({
        replica: (replica, process) => {
          replica.leaveOut = () => undefined
          const forget = (): void => {
            replica.forget(Math.floor(process.nowMs() / 1000))
            process.after(500, forget)
          }
          forget()
        },
      }),
    },
    symptom: again,
  },
  'a server fills its replica by its own clock': {
    variant: {
      ...wrong,
      sabotage: () => ({
        store: (real, process) =>
          altered(real, { liveRevocations: () => real.liveRevocations(process.nowMs()) }),
      }),
    },
    symptom: again,
  },
  'a guard believes the clock of its server': {
    variant: {
      ...wrong,
      sabotage: () => ({
        guardClock: (own, server) => ({
          nowMs: () => Math.max(own.nowMs(), server()?.nowMs() ?? 0),
          monotonicMs: () => own.monotonicMs(),
          after: (delayMs, callback) => own.after(delayMs, callback),
        }),
      }),
    },
    symptom: /guard-\d found the good .* expired/,
  },
  'a server deletes by its own clock': {
    firstSeed: 36,
    variant: {
      ...wrong,
      weeks: true,
      sabotage: () => ({
        store: (real, process) =>
          altered(real, { sweep: (_, limit) => real.sweep(process.nowMs(), limit) }),
      }),
    },
    symptom: /did not refresh/,
  },
}

const backups: Readonly<Record<string, BrokenFleet>> = {
  'a backup takes the place of a database that knows of later logouts': {
    variant: { ...calm, servers: 1, restores: true, sabotage: () => ({ restore: putInPlace }) },
    symptom: again,
  },
}

export const brokenFleets: Readonly<Record<string, BrokenFleet>> = {
  ...repeatedLogouts,
  ...retention,
  ...clocks,
  ...backups,
  ...brokenDeliveries,
}

function withoutGrantedLeases(real: Store): Store {
  return altered(real, {
    listTickets: (kind, keyPrefix, ...page) =>
      keyPrefix === GRANTED_LEASE
        ? Promise.resolve([])
        : real.listTickets(kind, keyPrefix, ...page),
  })
}

/** A store whose entries are to be forgotten after a life that its writer knows of. */
function keeping(knownMs: (stream: string) => number): (real: Store) => Store {
  const shortened = (entries: readonly Revocation[]): readonly Revocation[] =>
    entries.map((entry) => {
      const leastMs = entry.atMs + knownMs(entry.stream) + 120_000
      return { ...entry, forgetAfterMs: Math.min(entry.forgetAfterMs, leastMs) }
    })
  return (real) =>
    altered(real, {
      onCommitted: (listener) =>
        real.onCommitted((entries) => {
          listener(shortened(entries))
        }),
      async *liveRevocations(nowMs) {
        for await (const entries of real.liveRevocations(nowMs)) {
          yield shortened(entries).filter(({ forgetAfterMs }) => forgetAfterMs >= nowMs)
        }
      },
    })
}

function keptForOldLives(): Sabotage {
  let maxMs = hourMs
  const known = new Map<string, number>()
  const keep = keeping((stream) => known.get(stream) ?? hourMs)
  return {
    store: (real) => {
      known.set(real.stream, maxMs)
      return altered(keep(real), {
        openSession: (command) => {
          maxMs = Math.max(maxMs, command.accessLifetimeMs)
          return real.openSession(command)
        },
      })
    },
  }
}

function keptForOwnLives(): Sabotage {
  const known = new Map<string, number>()
  const keep = keeping((stream) => known.get(stream) ?? hourMs)
  return {
    store: (real) =>
      altered(keep(real), {
        openSession: (command) => {
          const maxMs = known.get(real.stream) ?? hourMs
          known.set(real.stream, Math.max(maxMs, command.accessLifetimeMs))
          return real.openSession(command)
        },
      }),
  }
}

/** Nothing but the file itself, without a mark that says that it is old. */
function putInPlace(from: string, to: string): void {
  for (const ending of ['-wal', '-shm']) rmSync(to + ending, { force: true })
  copyFileSync(from, to)
  const database = new DatabaseSync(to)
  database.exec(`DELETE FROM tickets WHERE kind = 'undecided'`)
  database.close()
}
