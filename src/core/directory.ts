/** People and applications, as surfaces look them up and change them. */
import { clientOfSubject, type Client, type Subject } from '../domain/identity.ts'
import { operatorOfSubject } from '../domain/operator.ts'
import { MAX_NAMES } from '../ports/directory.ts'
import type {
  ClientChange,
  ClientLookup,
  DirectoryIds,
  Page,
  PageRequest,
  SubjectChange,
  SubjectLookup,
} from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'

/** What each rejects with is written at `DirectoryStore`. */
export interface Subjects {
  find(lookup: SubjectLookup): Promise<Subject | undefined>
  list(page: PageRequest, containing?: string): Promise<Page<Subject>>
  create(subject: Subject): Promise<void>
  update(id: string, change: SubjectChange): Promise<Subject>
}

/** What each rejects with is written at `DirectoryStore`. */
export interface Clients {
  find(lookup: ClientLookup): Promise<Client | undefined>
  list(page: PageRequest): Promise<Page<Client>>
  listOf(parent: string, page: PageRequest): Promise<Page<Client>>
  create(client: Client): Promise<void>
  update(id: string, change: ClientChange): Promise<Client>
}

/** What people and clients are called; undefined for those without a name or not listed. */
export interface Names {
  subject(id: string): string | undefined
  client(id: string): string | undefined
}

/** Looks all of them up at once. Clients that act for themselves have names, and operators too. */
export async function findNames(
  { store }: Pick<CoreDependencies, 'store'>,
  { subjects, clients }: DirectoryIds,
): Promise<Names> {
  const acting = subjects.flatMap((id) => clientOfSubject(id) ?? [])
  const wanted = [[...new Set(subjects)], [...new Set([...clients, ...acting])]] as const
  const [people, applications] = [new Map<string, string>(), new Map<string, string>()]
  const most = Math.max(...wanted.map(({ length }) => length))
  for (let from = 0; from < most; from += MAX_NAMES) {
    const [some, others] = wanted.map((ids) => ids.slice(from, from + MAX_NAMES))
    const found = await store.findNames({ subjects: some ?? [], clients: others ?? [] })
    for (const [id, name] of found.subjects) people.set(id, name)
    for (const [id, name] of found.clients) applications.set(id, name)
  }
  const client = (id: string): string | undefined => applications.get(id) || undefined
  return {
    client,
    subject: (id) => people.get(id) || client(clientOfSubject(id) ?? '') || operatorOfSubject(id),
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
    create: (client) => store.createClient(client),
    update: (id, change) => store.updateClient(id, change),
  }
}
