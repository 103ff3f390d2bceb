/**
 * Which operations of the port are changes, and which are short or long reads: what can be asked of
 * the connection that writes and of those that read. Everything here crosses a thread, so it is
 * plain data.
 */
import type { Failure } from '../domain/failure.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { Store } from '../ports/store.ts'

/** Operations of the port, as they are on the connection itself. */
type Operations<Name extends keyof Store> = {
  readonly [K in Name]: Store[K] extends (...input: infer Input) => Promise<infer Output>
    ? (...input: Input) => Output
    : never
}

/** Changes: they wait for a commit. */
export const commands = [
  'revoke',
  'openSession',
  'joinSession',
  'redeem',
  'rotate',
  'extendAccess',
  'createSubject',
  'updateSubject',
  'createClient',
  'updateClient',
  'putTicket',
  'addTicket',
  'takeTicket',
  'countAttempt',
  'rewriteKey',
  'rotateKeys',
  'sweep',
] as const

export interface Commands extends Operations<(typeof commands)[number]> {
  /** Commits a tiny write, to prove that one can be committed. */
  readonly probe: (nothing?: undefined) => void
}

/**
 * Changes that belong to no stream of the log. Where nodes share a database they are committed by
 * themselves, so that no logout waits for them.
 */
export const commandsBesideLog = [
  'planDeliveries',
  'claimDeliveries',
  'settleDelivery',
  'retryDelivery',
  'cut',
  'keepForeignSessions',
  'createOperator',
  'updateOperator',
  'removeOperator',
  'addPasskey',
  'usePasskey',
  'removePasskey',
] as const

/** All changes, for a store whose every change is committed by one writer. */
export interface FileCommands extends Commands, Operations<(typeof commandsBesideLog)[number]> {}

/** Reads of one row or a few: microseconds, so they run where they are asked. */
export const pointQueries = [
  'head',
  'readCheckpoints',
  'findRevocation',
  'findEnding',
  'findSession',
  'findSessionStatus',
  'findDeviceSession',
  'findRefreshToken',
  'lastAccessExpiryMs',
  'generations',
  'findSubject',
  'findClient',
  'listClientsOf',
  'findTicket',
  'listKeys',
  'findDelivery',
  'findOperator',
  'findOperatorByIdentity',
  'findPasskey',
  'listPasskeys',
] as const

export type PointQueries = Operations<(typeof pointQueries)[number]>

/** Reads that can be long: they run on a thread of their own. */
export const longQueries = [
  'readCuttable',
  'listRevocations',
  'listSessions',
  'countSessions',
  'countSessionsByClient',
  'countOpenings',
  'listSubjects',
  'findNames',
  'listClients',
  'listToldClients',
  'listTickets',
  'readEnds',
  'dueReceivers',
  'listDeliveries',
  'countDeliveries',
  'storedReceivers',
  'countByReceiver',
  'listForeignSessions',
  'listOperators',
] as const

export interface LongQueries extends Operations<(typeof longQueries)[number] | 'readStream'> {
  readonly liveRevocations: (request: LiveRequest) => LivePage
  readonly backup: (to: string) => void
}

/** Operations of the port that are passed on under their names. */
export function passedOn<Name extends keyof Store>(
  names: readonly Name[],
  pass: (name: Name, ...input: never) => Promise<unknown>,
): Pick<Store, Name> {
  const operations = names.map((name) => [name, (...input: never) => pass(name, ...input)])
  return Object.fromEntries(operations) as Pick<Store, Name>
}

export type Handlers<M> = { readonly [K in keyof M]: (...input: never) => unknown }

/** Calls the handler of that name. */
export function handle<M extends Handlers<M>, K extends keyof M>(
  handlers: M,
  name: K,
  input: Parameters<M[K]>,
): ReturnType<M[K]> {
  return handlers[name](...(input as never)) as ReturnType<M[K]>
}

/** How far a walk through the live revocations has got. */
export type LivePlace =
  | { readonly part: 'wide'; readonly scope: string; readonly key: string }
  | { readonly part: 'narrow'; readonly forgetAfterMs: number; readonly position: number }

export interface LiveRequest {
  readonly nowMs: number
  readonly after: LivePlace
  readonly limit: number
}

export interface LivePage {
  readonly entries: readonly Revocation[]
  readonly next: LivePlace | undefined
}

export type CommandName = keyof Commands
export type FileCommandName = keyof FileCommands

type CommandOf<M extends Commands> = {
  readonly [K in keyof M]: M[K] extends (...input: infer Input) => unknown
    ? readonly [K, ...Input]
    : never
}[keyof M]

/** One command on its way to the writer: its name, and what goes in. */
export type Command = CommandOf<Commands>
export type FileCommand = CommandOf<FileCommands>

export type Answer = { readonly value: unknown } | { readonly failure: Failure }

/** What the writer says of one batch. */
export type BatchOutcome =
  | {
      readonly kind: 'committed'
      /** One for each command, in order. */
      readonly answers: readonly Answer[]
      /** What was added to the log since the last batch that was answered, in order. */
      readonly entries: readonly Revocation[]
      /** Position of the log's last entry. */
      readonly position: number
    }
  /** Nothing of the batch was stored. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** Unknown whether it will survive a restart; nothing will be stored from now on. */
  | { readonly kind: 'stopped'; readonly reason: string }
