/** People and applications, as surfaces look them up and change them. */
import { clientOfSubject } from '../domain/identity.ts'
import { operatorOfSubject } from '../domain/operator.ts'
import {
  MAX_NAMES,
  type DirectoryIds,
  type DirectoryNames,
  type DirectoryStore,
  type SessionOwner,
} from '../ports/directory.ts'
import type { CoreDependencies } from './dependencies.ts'

/** What each rejects with is written at `DirectoryStore`. */
export interface Subjects {
  readonly find: DirectoryStore['findSubject']
  readonly list: DirectoryStore['listSubjects']
  readonly create: DirectoryStore['createSubject']
  readonly update: DirectoryStore['updateSubject']
}

/** What each rejects with is written at `DirectoryStore`. */
export interface Clients {
  readonly find: DirectoryStore['findClient']
  readonly list: DirectoryStore['listClients']
  readonly listOf: DirectoryStore['listClientsOf']
  readonly listTold: DirectoryStore['listToldClients']
  readonly create: DirectoryStore['createClient']
  readonly update: DirectoryStore['updateClient']
}

/** What people and clients are called; undefined for those without a name or not listed. */
export interface Names {
  subject(id: string): string | undefined
  client(id: string): string | undefined
  /** Whose a session is, who have names then as well; undefined where it is not stored. */
  session(sid: string): SessionOwner | undefined
}

/** Looks all of them up at once. Clients that act for themselves have names, and operators too. */
export async function findNames(
  { store }: Pick<CoreDependencies, 'store'>,
  of: DirectoryIds,
): Promise<Names> {
  const ownerOf = new Map<string, SessionOwner>()
  for await (const { sessions } of inParts(store, { ...nothing, sessions: of.sessions ?? [] })) {
    for (const owner of sessions) ownerOf.set(owner.sid, owner)
  }
  const owners = [...ownerOf.values()]
  const subjects = [...of.subjects, ...owners.map(({ subjectId }) => subjectId)]
  const acting = subjects.flatMap((id) => clientOfSubject(id) ?? [])
  const clients = [...of.clients, ...acting, ...owners.map(({ clientId }) => clientId)]
  const [people, applications] = [new Map<string, string>(), new Map<string, string>()]
  for await (const found of inParts(store, { ...nothing, subjects, clients })) {
    for (const [id, name] of found.subjects) people.set(id, name)
    for (const [id, name] of found.clients) applications.set(id, name)
  }
  const client = (id: string): string | undefined => applications.get(id) || undefined
  return {
    client,
    subject: (id) => people.get(id) || client(clientOfSubject(id) ?? '') || operatorOfSubject(id),
    session: (sid) => ownerOf.get(sid),
  }
}

const nothing = { subjects: [], clients: [], sessions: [] } as const

/** As many look-ups as it takes, each id once. */
async function* inParts(
  store: Pick<CoreDependencies['store'], 'findNames'>,
  of: Required<DirectoryIds>,
): AsyncGenerator<DirectoryNames> {
  const [subjects, clients, sessions] = [of.subjects, of.clients, of.sessions].map((ids) => [
    ...new Set(ids),
  ])
  const part = (ids: readonly string[] = [], from: number) => ids.slice(from, from + MAX_NAMES)
  const most = Math.max(...[subjects, clients, sessions].map((ids) => ids?.length ?? 0))
  for (let from = 0; from < most; from += MAX_NAMES) {
    yield store.findNames({
      subjects: part(subjects, from),
      clients: part(clients, from),
      sessions: part(sessions, from),
    })
  }
}

export function subjectVerbs({ store }: Pick<CoreDependencies, 'store'>): Subjects {
  return {
    find: (lookup) => store.findSubject(lookup),
    list: (page, containing) => store.listSubjects(page, containing),
    create: (subject) => store.createSubject(subject),
    update: (id, change) => store.updateSubject(id, change),
  }
}

export function clientVerbs({ store }: Pick<CoreDependencies, 'store'>): Clients {
  return {
    find: (lookup) => store.findClient(lookup),
    list: (page) => store.listClients(page),
    listOf: (parent, page) => store.listClientsOf(parent, page),
    listTold: (after, limit) => store.listToldClients(after, limit),
    create: (client) => store.createClient(client),
    update: (id, change) => store.updateClient(id, change),
  }
}
