/** People and clients, as a store keeps them. `store.ts` has what holds for every operation. */
import type { AccountStatus, Client, Subject } from '../domain/identity.ts'
import type { Page, PageRequest, SearchPageRequest } from './page.ts'

export type SubjectLookup = {
  readonly by: 'id' | 'username' | 'email' | 'phone'
  readonly value: string
}

export type ClientLookup =
  | { readonly by: 'id'; readonly value: string }
  | { readonly by: 'key'; readonly dialect: string; readonly value: string }

/** Ids of each kind that one look-up of names may have. */
export const MAX_NAMES = 1000

export interface DirectoryIds {
  readonly subjects: readonly string[]
  readonly clients: readonly string[]
  /** People call a session by whose it is. */
  readonly sessions?: readonly string[]
}

/** Pairs of id and name. A subject without a name has its username, email or phone in its place. */
export interface DirectoryNames {
  readonly subjects: readonly (readonly [string, string])[]
  readonly clients: readonly (readonly [string, string])[]
  readonly sessions: readonly SessionOwner[]
}

/** Whose a session is, as its first participant has it. */
export interface SessionOwner {
  readonly sid: string
  readonly subjectId: string
  readonly clientId: string
}

/** Identifiers are kept and looked up in their normal form (`domain/identifiers.ts`). */
export interface DirectoryStore {
  /**
   * Rejects with `conflict` where the id, username, email or phone is taken, in any spelling;
   * `invalid_parameter` where an identifier has no normal form.
   */
  createSubject(subject: Subject): Promise<void>
  findSubject(lookup: SubjectLookup): Promise<Subject | undefined>
  /**
   * Those whose id, name, username, email or phone contains the text, in whatever case, with or
   * without the marks of Latin letters; without a text all of them. No index finds a part of a
   * name, so with a text a page looks at no more rows than it may.
   */
  listSubjects(page: SearchPageRequest, containing?: string): Promise<Page<Subject>>
  /** What those of them are called that are stored; at most `MAX_NAMES` ids of each kind. */
  findNames(of: DirectoryIds): Promise<DirectoryNames>
  /** Rejects with `not_found`, `conflict` or `invalid_parameter`. Only what is given changes. */
  updateSubject(id: string, change: SubjectChange): Promise<Subject>
  createClient(client: Client): Promise<void>
  findClient(lookup: ClientLookup): Promise<Client | undefined>
  listClients(page: PageRequest): Promise<Page<Client>>
  /**
   * Those that belong to a client (`parentOf`), by an index: logouts ask this. At most 100 a page,
   * which may hold fewer than its limit and yet have a next one.
   */
  listClientsOf(parent: string, page: PageRequest): Promise<Page<Client>>
  /**
   * Those with a `backchannel_logout_uri` somewhere in their attributes, by id in order of code
   * points: at most `limit` (1 to 10,000) behind `after`, by an index.
   */
  listToldClients(after: string, limit: number): Promise<readonly Client[]>
  /** Rejects with `not_found`, or `conflict` by `attributesBefore`. Only what is given changes. */
  updateClient(id: string, change: ClientChange): Promise<Client>
}

export interface SubjectChange {
  readonly name?: string
  readonly username?: string
  readonly email?: string
  readonly phone?: string
  readonly passwordHash?: string
  readonly status?: AccountStatus
  readonly attributes?: Subject['attributes']
}

export interface ClientChange {
  readonly name?: string
  readonly secretHash?: string
  readonly allowlist?: readonly string[]
  readonly redirectUris?: readonly string[]
  readonly status?: AccountStatus
  readonly attributes?: Client['attributes']
  /** Not written: nothing changes unless the attributes are these. */
  readonly attributesBefore?: Client['attributes']
}
