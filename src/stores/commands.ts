/**
 * What can be asked of the connection that writes and of those that read, as maps from a name to
 * what goes in and what comes out. Everything here crosses a thread, so it is plain data.
 */
import type { Checkpoint } from '../domain/checkpoint.ts'
import type { Delivery } from '../domain/delivery.ts'
import type { ForeignSession } from '../domain/foreign-session.ts'
import type { Failure } from '../domain/failure.ts'
import type { Cuttable, CutCommand } from '../domain/plan-cut.ts'
import type { Generations } from '../domain/generation.ts'
import type { Client, Subject } from '../domain/identity.ts'
import type { Operator, OperatorIdentity } from '../domain/operator.ts'
import type { Passkey } from '../domain/passkey.ts'
import type { Position, Revocation, RevocationCommand } from '../domain/revocation.ts'
import type { Session, SessionNames, SessionStatus } from '../domain/session.ts'
import type { CutRequest } from '../ports/cut.ts'
import type { ForeignSessionFilter, KeepForeignSessions } from '../ports/foreign-session.ts'
import type { OperatorChange, UsePasskeyCommand } from '../ports/operator.ts'
import type {
  ClaimCommand,
  DeliveryCounts,
  DeliveryFilter,
  Ends,
  EndsRequest,
  PlanCommand,
  ReceiverDeliveries,
  SettleCommand,
} from '../ports/delivery.ts'
import type {
  ClientChange,
  ClientLookup,
  ClientSessions,
  CountBounds,
  DirectoryIds,
  DirectoryNames,
  EndingPlace,
  ExtendAccessCommand,
  JoinSessionCommand,
  LogFilter,
  OpenSessionCommand,
  Openings,
  OpeningsRequest,
  Page,
  PageRequest,
  RedeemCommand,
  RedeemOutcome,
  RevokeOutcome,
  RotateCommand,
  RotateOutcome,
  SessionCount,
  SessionFilter,
  SearchPageRequest,
  SigningKey,
  SubjectChange,
  SubjectLookup,
  SweepOutcome,
} from '../ports/store.ts'
import type { Ticket } from '../ports/ticket.ts'

/** What goes in and what comes out. */
export interface Exchange {
  readonly input: unknown
  readonly output: unknown
}

/** Changes: they wait for a commit. */
export interface Commands {
  revoke: { input: RevocationCommand; output: RevokeOutcome }
  openSession: { input: OpenSessionCommand; output: Session }
  joinSession: { input: JoinSessionCommand; output: Session | undefined }
  redeem: { input: RedeemCommand; output: RedeemOutcome }
  rotate: { input: RotateCommand; output: RotateOutcome }
  extendAccess: { input: ExtendAccessCommand; output: boolean }
  createSubject: { input: Subject; output: void }
  updateSubject: { input: { id: string; change: SubjectChange }; output: Subject }
  createClient: { input: Client; output: void }
  updateClient: { input: { id: string; change: ClientChange }; output: Client }
  putTicket: { input: Ticket; output: void }
  addTicket: { input: { ticket: Ticket; nowMs: number }; output: boolean }
  takeTicket: { input: { kind: string; key: string }; output: Ticket | undefined }
  countAttempt: { input: { kind: string; key: string }; output: number }
  rewriteKey: { input: { kid: string; privateJwk: string }; output: boolean }
  rotateKeys: {
    input: { next: SigningKey; retiredAtMs: number; unlessPresent: boolean }
    output: boolean
  }
  sweep: { input: { nowMs: number; limit: number }; output: SweepOutcome }
  /** Commits a tiny write, to prove that one can be committed. */
  probe: { input: undefined; output: void }
}

/**
 * Changes that belong to no stream of the log. Where nodes share a database they are committed by
 * themselves, so that no logout waits for them.
 */
export interface DeliveryCommands {
  planDeliveries: { input: PlanCommand; output: boolean }
  claimDeliveries: { input: ClaimCommand; output: readonly Delivery[] }
  settleDelivery: { input: SettleCommand; output: boolean }
  retryDelivery: { input: { id: string; nowMs: number }; output: Delivery | undefined }
}

/** The same holds of these. */
export interface CutCommands {
  cut: { input: CutCommand; output: boolean }
}

/** And of these. */
export interface ForeignSessionCommands {
  keepForeignSessions: { input: KeepForeignSessions; output: void }
}

/** And of these. */
export interface OperatorCommands {
  createOperator: { input: Operator; output: void }
  updateOperator: {
    input: { id: string; name: string; change: OperatorChange }
    output: Operator
  }
  removeOperator: { input: string; output: boolean }
  addPasskey: { input: Passkey; output: void }
  usePasskey: { input: UsePasskeyCommand; output: boolean }
  removePasskey: { input: { holder: string; id: string }; output: boolean }
}

/** All changes, for a store whose every change is committed by one writer. */
export interface FileCommands
  extends Commands, DeliveryCommands, CutCommands, ForeignSessionCommands, OperatorCommands {}

/** Reads of one row or a few: microseconds, so they run where they are asked. */
export interface PointQueries {
  head: { input: undefined; output: Position }
  readCheckpoints: { input: undefined; output: readonly Checkpoint[] }
  findRevocation: { input: string; output: Revocation | undefined }
  findEnding: { input: readonly EndingPlace[]; output: Revocation | undefined }
  findSession: { input: string; output: Session | undefined }
  findSessionStatus: { input: { sid: string; nowMs: number }; output: SessionStatus | undefined }
  findDeviceSession: { input: { deviceKey: string; nowMs: number }; output: Session | undefined }
  findRefreshToken: {
    input: { id: string; secretHash: string }
    output: { session: Session; expiresAtMs: number } | undefined
  }
  lastAccessExpiryMs: { input: undefined; output: number }
  generations: { input: SessionNames; output: Generations }
  findSubject: { input: SubjectLookup; output: Subject | undefined }
  findClient: { input: ClientLookup; output: Client | undefined }
  listClientsOf: { input: { parent: string; page: PageRequest }; output: Page<Client> }
  findTicket: {
    input: { kind: string; key: string }
    output: (Ticket & { attempts: number }) | undefined
  }
  listKeys: { input: undefined; output: readonly SigningKey[] }
  findDelivery: { input: string; output: Delivery | undefined }
  findOperator: { input: string; output: Operator | undefined }
  findOperatorByIdentity: { input: OperatorIdentity; output: Operator | undefined }
  findPasskey: { input: string; output: Passkey | undefined }
  listPasskeys: { input: string; output: readonly Passkey[] }
}

/** Reads that can be long: they run on a thread of their own. */
export interface LongQueries {
  readCuttable: { input: CutRequest; output: Cuttable }
  readStream: {
    input: { stream: string; afterSequence: number; limit: number }
    output: readonly Revocation[]
  }
  listRevocations: { input: { filter: LogFilter; page: PageRequest }; output: Page<Revocation> }
  liveRevocations: { input: LiveRequest; output: LivePage }
  listSessions: {
    input: { filter: SessionFilter; nowMs: number; page: SearchPageRequest }
    output: Page<SessionStatus>
  }
  countSessions: {
    input: { filter: SessionFilter; bounds: CountBounds | undefined }
    output: SessionCount
  }
  countSessionsByClient: {
    input: { filter: SessionFilter; limit: number }
    output: readonly ClientSessions[]
  }
  countOpenings: { input: OpeningsRequest; output: readonly Openings[] }
  listSubjects: {
    input: { page: SearchPageRequest; containing: string | undefined }
    output: Page<Subject>
  }
  findNames: { input: DirectoryIds; output: DirectoryNames }
  listClients: { input: PageRequest; output: Page<Client> }
  listToldClients: { input: { after: string; limit: number }; output: readonly Client[] }
  listTickets: {
    input: { kind: string; keyPrefix: string; limit: number; after: string | undefined }
    output: readonly Ticket[]
  }
  readEnds: { input: EndsRequest; output: Ends | undefined }
  dueReceivers: { input: { nowMs: number; limit: number }; output: readonly string[] }
  listDeliveries: {
    input: { filter: DeliveryFilter; page: PageRequest }
    output: Page<Delivery>
  }
  countDeliveries: { input: undefined; output: DeliveryCounts }
  storedReceivers: { input: { after: string; limit: number }; output: readonly string[] }
  countByReceiver: { input: readonly string[]; output: readonly ReceiverDeliveries[] }
  listForeignSessions: {
    input: { filter: ForeignSessionFilter; page: PageRequest }
    output: Page<ForeignSession>
  }
  listOperators: { input: PageRequest; output: Page<Operator> }
  backup: { input: string; output: void }
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

export type Exchanges<M> = { readonly [K in keyof M]: Exchange }

export type Handlers<M extends Exchanges<M>> = {
  readonly [K in keyof M]: (input: M[K]['input']) => M[K]['output']
}

export type CommandName = keyof Commands
export type FileCommandName = keyof FileCommands

type CommandOf<M extends Exchanges<M>> = {
  readonly [K in keyof M]: readonly [K, M[K]['input']]
}[keyof M]

/** One command on its way to the writer. */
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
