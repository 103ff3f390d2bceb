/**
 * The store on PostgreSQL, and on databases that speak its protocol: any number of nodes, each with
 * a stream of its own.
 *
 * Owns the schema and six connections a node (its lease has a seventh), over each of which
 * statements are sent without waiting for answers: one that writes (`writer.ts`), one for short
 * reads, one for long reads, one for following other nodes (`stream-reader.ts`), which no list may
 * keep waiting, one for deliveries (`deliveries.ts`), which no logout may wait for, and one that
 * listens for the notifier of other nodes (`notifier.ts`). What each operation does is in the files
 * named after their tables; what it must do is in `ports/store.ts`.
 */
import { Refusal } from '../../domain/failure.ts'
import { endingOf } from '../../domain/revocation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import type { Store } from '../../ports/store.ts'
import { commands, passedOn, type CommandName, type Commands } from '../commands.ts'
import { checked, checkTexts } from '../text.ts'
import { readAbilities, type Abilities } from './abilities.ts'
import type { Notifier } from './notifier.ts'
import { operatorStore } from './operators.ts'
import { Connection } from './connection.ts'
import { cutStore } from './cut.ts'
import { deliveryStore } from './deliveries.ts'
import { foreignSessionStore } from './foreign-sessions.ts'
import { isUnreachable, reasonOf } from './reasons.ts'
import * as directory from './directory.ts'
import {
  findNames,
  listClients,
  listClientsOf,
  listSubjects,
  listToldClients,
} from './directory-lists.ts'
import { lastAccessExpiryMs } from './horizon.ts'
import { listKeys } from './keys.ts'
import type { Lineage } from './lineage.ts'
import type { Link } from './link.ts'
import * as log from './log-lists.ts'
import { databaseTimeMs } from './maintenance.ts'
import { migrate } from './migrations.ts'
import * as sessions from './session-lists.ts'
import { LONG_ANSWER_MS, Parts, type PostgresOptions } from './parts.ts'
import { hearsNotifications } from './pooler.ts'
import { findTicket, listTickets } from './tickets.ts'
import { unavailable } from '../unavailable.ts'

export type { PostgresOptions } from './parts.ts'

export interface PostgresStore extends Store {
  /** What the node leases of this store need of it: see `node-lease.ts`. */
  readonly shared: Shared
}

/** What is needed to keep other rows in the same database. */
export interface Shared {
  readonly url: string
  readonly stream: string
  readonly abilities: Abilities
  readonly notifier: Notifier | undefined
  readonly lineage: Lineage
  readonly clock: Clock
  readonly random: Random
  readonly log: Log | undefined
}

/**
 * Connects, brings the schema up to date and takes the stream. Any number of nodes may do so at
 * once.
 *
 * @throws {Refusal} `store_unavailable` where the database cannot be reached.
 * @throws {Error} Where a newer version wrote a schema that this one cannot serve.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<PostgresStore> {
  const { stream } = options
  if (!/^[\x21-\x7e]{1,64}$/.test(stream)) {
    throw new Error('Cannot open a stream: its name must be 1 to 64 visible ASCII characters')
  }
  let parts: Parts | undefined
  try {
    const abilities = await prepareDatabase(options)
    parts = new Parts(options, abilities)
    await parts.open()
    return assemble(options, parts)
  } catch (error) {
    await parts?.close()
    const isOutside = !(error instanceof Refusal) && isUnreachable(error)
    throw isOutside ? unavailable(reasonOf(error)) : error
  }
}

/** Finds out what the database can do for this node, and brings its schema up to date. */
async function prepareDatabase(options: PostgresOptions): Promise<Abilities> {
  const { url, stream, clock, log } = options
  const connect = () =>
    Connection.open({ url, name: `outright ${stream} schema`, answerMs: LONG_ANSWER_MS })
  const connection = await connect()
  try {
    const abilities = options.abilities ?? (await readAbilities(connection))
    await migrate(connection, abilities)
    const notifier = abilities.notifier && (await hearsNotifications(connection, connect, clock))
    if (!notifier)
      log?.info({ database: abilities.product }, 'Cannot LISTEN there: looking for news')
    return { ...abilities, notifier }
  } finally {
    await connection.end()
  }
}

function assemble(options: PostgresOptions, parts: Parts): PostgresStore {
  const { short, long, writer, notifier, lineage, listeners, abilities } = parts
  const { url, stream, clock, random } = options
  let closing: Promise<void> | undefined

  async function change<K extends CommandName>(name: K, ...input: Parameters<Commands[K]>) {
    checkTexts(input)
    return writer.submit(name, ...input)
  }

  return {
    shared: { url, stream, abilities, notifier, lineage, clock, random, log: options.log },
    stream,
    ...passedOn(commands, (name, ...input) => change(name, ...input)),
    // What cannot be had is refused before it meets the commands of others.
    revoke: async (command) => {
      endingOf(command)
      return change('revoke', command)
    },
    onCommitted: (listener) => listeners.add(listener),
    head: () => lineage.read(() => log.readEnds(short)),
    readStream: (name, after, limit) => log.readStream(long, name, after, limit),
    liveRevocations: (nowMs) => log.liveRevocations(long, nowMs),
    ...checked({ ...reads(parts), ...besideLog(parts) }),
    ready: () => change('probe'),
    close: () => (closing ??= parts.close()),
  }
}

/** What is changed over a connection of its own: no logout waits for it. */
function besideLog({ delivering: own, short, long }: Parts) {
  return {
    ...deliveryStore({ own, short, long }),
    ...cutStore({ own, short }),
    ...foreignSessionStore({ own, long }),
    ...operatorStore({ own, short, long }),
  }
}

function reads({ short, long }: Parts) {
  /**
   * A list of what has one key reads a few rows of an index. Logouts ask so: they must not wait
   * behind a long list, or for minutes behind one that a server which is gone never answers.
   */
  const linkFor = (key: string | undefined): Link => (key === undefined ? long : short)
  return {
    listRevocations: (filter, page) => log.listRevocations(linkFor(filter.key), filter, page),
    findRevocation: (id) => log.findRevocation(short, id),
    findEnding: (places) => log.findEnding(short, places),
    lastAccessExpiryMs: () => lastAccessExpiryMs(short),
    findSession: (sid) => sessions.findSession(short, sid),
    findSessionStatus: (sid, nowMs) => sessions.findSessionStatus(short, sid, nowMs),
    findDeviceSession: (deviceKey, nowMs) => sessions.findDeviceSession(short, deviceKey, nowMs),
    findRefreshToken: (id, secretHash) => sessions.findRefreshToken(short, id, secretHash),
    generations: (of) => sessions.generations(short, of),
    listSessions: (filter, ...page) =>
      sessions.listSessions(linkFor(filter.sid ?? filter.deviceKey), filter, ...page),
    countSessions: (filter, bounds) => sessions.countSessions(long, filter, bounds),
    countSessionsByClient: (filter, limit) => sessions.countSessionsByClient(long, filter, limit),
    countOpenings: (request) => sessions.countOpenings(long, request),
    findSubject: (lookup) => directory.findSubject(short, lookup),
    listSubjects: (page, containing) => listSubjects(long, page, containing),
    findNames: (of) => findNames(long, of),
    findClient: (lookup) => directory.findClient(short, lookup),
    listClients: (page) => listClients(long, page),
    listToldClients: (after, limit) => listToldClients(long, after, limit),
    listClientsOf: (parent, page) => listClientsOf(short, parent, page),
    findTicket: (kind, key) => findTicket(short, kind, key),
    listTickets: (...request) => listTickets(long, ...request),
    listKeys: () => listKeys(short),
    databaseTimeMs: () => databaseTimeMs(short),
  } satisfies Partial<Store>
}
