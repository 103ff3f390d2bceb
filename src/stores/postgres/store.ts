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
import { checkText, checkTexts } from '../text.ts'
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

/** What is changed over a connection of its own: no logout waits for it. */
function besideLog({ delivering: own, short, long }: Parts) {
  return {
    ...deliveryStore({ own, short, long }),
    ...cutStore({ own, short }),
    ...foreignSessionStore({ own, long }),
    ...operatorStore({ own, short, long }),
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

  /** What cannot be stored cannot be looked for either. */
  async function find<I, T>(input: I, read: (checked: I) => Promise<T>): Promise<T> {
    checkText(input)
    return read(input)
  }

  /**
   * A list of what has one key reads a few rows of an index. Logouts ask so: they must not wait
   * behind a long list, or for minutes behind one that a server which is gone never answers.
   */
  const linkFor = (key: string | undefined): Link => (key === undefined ? long : short)

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
    listRevocations: (filter, page) =>
      find(filter, (known) => log.listRevocations(linkFor(filter.key), known, page)),
    findRevocation: (id) => find(id, (known) => log.findRevocation(short, known)),
    findEnding: (places) => find(places, (known) => log.findEnding(short, known)),
    liveRevocations: (nowMs) => log.liveRevocations(long, nowMs),
    lastAccessExpiryMs: () => lastAccessExpiryMs(short),
    listSessions: (filter, nowMs, page) =>
      find(filter, (known) =>
        sessions.listSessions(linkFor(filter.sid ?? filter.deviceKey), known, nowMs, page),
      ),
    ...sessionReads(parts, find),
    ...directoryReads(parts, find),
    findTicket: (kind, key) => find(key, (known) => findTicket(short, kind, known)),
    listTickets: (...request) => listTickets(long, ...request),
    listKeys: () => listKeys(short),
    databaseTimeMs: () => databaseTimeMs(short),
    ...besideLog(parts),
    ready: () => change('probe'),
    close: () => (closing ??= parts.close()),
  }
}

/** Checks what is looked for, then looks. */
type Find = <I, T>(input: I, read: (checked: I) => Promise<T>) => Promise<T>

function directoryReads(
  { short, long }: Parts,
  find: Find,
): Pick<
  Store,
  | 'findSubject'
  | 'listSubjects'
  | 'findNames'
  | 'findClient'
  | 'listClients'
  | 'listToldClients'
  | 'listClientsOf'
> {
  return {
    findSubject: (lookup) => find(lookup, (known) => directory.findSubject(short, known)),
    listSubjects: (page, containing) =>
      find(containing, (known) => listSubjects(long, page, known)),
    findNames: (of) => find(of, (known) => findNames(long, known)),
    findClient: (lookup) => find(lookup, (known) => directory.findClient(short, known)),
    listClients: (page) => listClients(long, page),
    listToldClients: (after, limit) => find(after, (known) => listToldClients(long, known, limit)),
    listClientsOf: (parent, page) => find(parent, (known) => listClientsOf(short, known, page)),
  }
}

function sessionReads({ short, long }: Parts, find: Find) {
  return {
    findSession: (sid) => find(sid, (known) => sessions.findSession(short, known)),
    findSessionStatus: (sid, nowMs) =>
      find(sid, (known) => sessions.findSessionStatus(short, known, nowMs)),
    findDeviceSession: (deviceKey, nowMs) =>
      find(deviceKey, (known) => sessions.findDeviceSession(short, known, nowMs)),
    findRefreshToken: (id, secretHash) =>
      find(id, (known) => sessions.findRefreshToken(short, known, secretHash)),
    generations: (of) => find(of, (known) => sessions.generations(short, known)),
    countSessions: (filter, bounds) =>
      find(filter, (known) => sessions.countSessions(long, known, bounds)),
    countSessionsByClient: (filter, limit) =>
      find(filter, (known) => sessions.countSessionsByClient(long, known, limit)),
    countOpenings: (request) => sessions.countOpenings(long, request),
  } satisfies Partial<Store>
}
