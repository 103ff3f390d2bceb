/** People and applications, as surfaces look them up and change them. */
import type { Client, Subject } from '../domain/identity.ts'
import type {
  ClientChange,
  ClientLookup,
  Page,
  PageRequest,
  SubjectChange,
  SubjectLookup,
} from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'

/** What each rejects with is written at `DirectoryStore`. */
export interface Subjects {
  find(lookup: SubjectLookup): Promise<Subject | undefined>
  list(page: PageRequest): Promise<Page<Subject>>
  create(subject: Subject): Promise<void>
  update(id: string, change: SubjectChange): Promise<Subject>
}

/** What each rejects with is written at `DirectoryStore`. */
export interface Clients {
  find(lookup: ClientLookup): Promise<Client | undefined>
  list(page: PageRequest): Promise<Page<Client>>
  create(client: Client): Promise<void>
  update(id: string, change: ClientChange): Promise<Client>
}

export function subjectVerbs({ store }: Pick<CoreDependencies, 'store'>): Subjects {
  return {
    find: (lookup) => store.findSubject(lookup),
    list: (page) => store.listSubjects(page),
    create: (subject) => store.createSubject(subject),
    update: (id, change) => store.updateSubject(id, change),
  }
}

export function clientVerbs({ store }: Pick<CoreDependencies, 'store'>): Clients {
  return {
    find: (lookup) => store.findClient(lookup),
    list: (page) => store.listClients(page),
    create: (client) => store.createClient(client),
    update: (id, change) => store.updateClient(id, change),
  }
}
