import type { JWTVerifyGetKey } from 'jose'
import type { FeedHub } from '../feed/index.ts'
import type { Sighting } from '../domain/foreign-session.ts'
import type { Issuer, KeySetStatus } from '../domain/issuer.ts'
import type {
  SignOnBegun,
  SignOnDone,
  SignOnFailure,
  SignOnSecrets,
} from '../domain/single-sign-on.ts'
import type { WireConfirmations, WireDeliveryCounts } from '../protocol/admin-api.ts'
import type { WireIssuers } from '../protocol/issuers.ts'
import type { LogoutClaims } from '../protocol/logout-token.ts'
import type { OtherNode } from '../ports/node-lease.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import type { Replica } from '../verifier/replica.ts'
import type { AddressNotices } from './client-address.ts'
import type { NamedDialect, PageLink, Tour } from './surface-module.ts'
import type { StaticFiles } from './static-files.ts'

/** What surfaces see of the node that they run on: its state, its verifiers, its end. */
export interface NodeView {
  /** Version of Outright. */
  readonly version: string
  /** This node and its guards. */
  readonly hub: Pick<FeedHub, 'verifiers' | 'detailedReceipt' | 'ageAfter'>
  /** What this node knows to be over. */
  readonly replica: Pick<Replica, 'chunks' | 'overSeconds'>
  /** The other nodes of the installation. */
  otherNodes(): readonly OtherNode[]
  /** How long another node took to acknowledge, as last measured; undefined before that. */
  lagMsOf(node: string): number | undefined
  /** Callers whose address was told and could not be taken. */
  addressNotices(): AddressNotices
  /** The other issuers whose tokens are accepted. */
  readonly issuers: IssuersView
  /** Where operators sign in beside this server; undefined where that is not configured. */
  readonly singleSignOn: SingleSignOn | undefined
  /** The keys that a client publishes at its `jwks_uri`; `stale` where they cannot be read. */
  clientKeys(jwksUri: string): JWTVerifyGetKey
  /** Resolves with why this node must not serve; undefined where it may. */
  refusal(): Promise<string | undefined>
  /** The time up to which something may be forgotten or deleted, milliseconds since 1970. */
  trustedMs(): number
  /** What its instruments show. */
  statistics(): Promise<NodeStatistics>
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
  /** Counts a call of Adobe Pass by the type of its device. */
  readonly countDevice: (call: string, deviceType: string) => void
  /** Calls back once when what the claims name is revoked; the returned function stops watching. */
  watch(claims: AccessClaims, callback: () => void): () => void
  /** Copies the database; undefined where it has tools of its own for it (PostgreSQL). */
  readonly backup: ((to: string) => Promise<void>) | undefined
  /** Where a copy may lie for a moment. */
  readonly dataDir: string
  /** Aborted when the server stops: ends streams, which would never end by themselves. */
  readonly stopping: AbortSignal
  /** What the `dialect` of a session may be, built in or the installation's own. */
  readonly dialects: readonly DialectView[]
  /** The pages that people look for. */
  readonly pages: readonly PageLink[]
  /** The console as it was built; undefined where it was not. */
  consoleFiles(): Promise<StaticFiles | undefined>
  /** What the demo tells a person; undefined outside the demo. */
  readonly demo: DemoView | undefined
}

export interface DialectView extends NamedDialect {
  /** Whether a client may have it. */
  readonly ofClients: boolean
}

/** What a node has counted and measured since it started. */
export interface NodeStatistics {
  readonly startedAtMs: number
  readonly isCurrent: boolean
  readonly confirmation: WireConfirmations
  /** Revocations that it committed, by scope. */
  readonly revocations: Readonly<Record<string, number>>
  readonly replicaEntries: number
  readonly guardConnections: number
  readonly clockLeadMs: number
  /** Of all nodes; undefined while the database does not answer. */
  readonly deliveries: WireDeliveryCounts | undefined
}

/** Other issuers, as this node knows them. */
export interface IssuersView {
  list(): readonly { readonly issuer: Issuer; readonly keys: KeySetStatus }[]
  /** Whether logins there are listed once a token of theirs was accepted. */
  readonly listsLogins: boolean
  /**
   * What guards are told.
   *
   * @param wanted A key that a guard was not told of.
   * @throws {Error} Where it is unknown whether there is such a key.
   */
  document(wanted?: { readonly issuer: string; readonly kid: string }): Promise<WireIssuers>
  /** Takes note of a login that a guard has seen. */
  see(sighting: Sighting): void
  /**
   * Verifies a logout token of an issuer.
   *
   * @returns What is wrong with it, in words, where something is.
   * @throws {Refusal} `stale` where its keys cannot be had.
   */
  verifyLogout(issuer: Issuer, token: string): Promise<LogoutClaims | string>
}

/** The identity provider of operators. */
export interface SingleSignOn {
  /** Its `iss`. */
  readonly issuer: string
  /** Where a browser signs in there, and what has to be known when it comes back. */
  begin(): Promise<SignOnBegun | SignOnFailure>
  /**
   * Judges what a browser came back with, and asks the provider who it is.
   *
   * @param kept What {@link begin} gave for this very browser.
   */
  finish(parameters: URLSearchParams, kept: SignOnSecrets): Promise<SignOnDone | SignOnFailure>
  /** As {@link IssuersView.verifyLogout}. */
  verifyLogout(token: string): Promise<LogoutClaims | string>
}

/** An identity whose password is public. */
export interface DemoIdentity {
  /** The API that it belongs to. */
  readonly api: string
  /** The identity and its secret. */
  readonly who: string
  readonly secret: string
}

/** An application of the demo that a guard protects. */
export interface DemoApp {
  readonly name: string
  readonly url: string
}

/** How a demo identity logs in and out by one API. */
export interface DemoTour extends Tour {
  /** Title of the surface. */
  readonly api: string
  /** The server that is called; without it: this one. */
  readonly origin?: string
}

/** A request that another server has made because of a call: its answer has it as `told`. */
export interface ToldRequest {
  readonly ask: {
    readonly method: string
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
  /** 0 where nothing came back. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The body; why nothing came, where nothing did. */
  readonly text: string
  readonly tookMs: number
}

export interface DemoView {
  readonly identities: readonly DemoIdentity[]
  /** A command that logs a person out; undefined where the API that it needs is not served. */
  readonly logout: string | undefined
  /** By each API that is served under the public URL, and at other servers; paths are from the root. */
  readonly tours: readonly DemoTour[]
  /** The applications that are listening. */
  apps(): readonly DemoApp[]
}
