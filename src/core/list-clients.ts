/** Clients, and guards: one table holds both. */
import { refuse } from '../domain/failure.ts'
import type { Client } from '../domain/identity.ts'
import type { Page, PageRequest } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'
import { GUARD_DIALECT } from './guard-credential.ts'

/** A page of the clients, of one dialect where it is given. */
export function listClients(
  { store }: Pick<CoreDependencies, 'store'>,
  filter: { readonly dialect?: string },
  page: PageRequest,
): Promise<Page<Client>> {
  const keep = ({ dialect }: Client): boolean =>
    dialect !== GUARD_DIALECT && dialect === (filter.dialect ?? dialect)
  return filterPage((next) => store.listClients(next), keep, page)
}

/** A page of the guards that may connect. */
export function listGuards(
  { store }: Pick<CoreDependencies, 'store'>,
  page: PageRequest,
): Promise<Page<Client>> {
  const keep = ({ dialect, status }: Client): boolean =>
    dialect === GUARD_DIALECT && status === 'active'
  return filterPage((next) => store.listClients(next), keep, page)
}

/**
 * A client that is not a guard: as a client, a guard would get a secret of another kind.
 *
 * @throws {Refusal} `not_found`; `store_unavailable`.
 */
export async function findClient(
  { store }: Pick<CoreDependencies, 'store'>,
  id: string,
): Promise<Client> {
  const client = await store.findClient({ by: 'id', value: id })
  if (client === undefined || client.dialect === GUARD_DIALECT) return refuse({ kind: 'not_found' })
  return client
}

/** Pages of the store that one filtered list may read before it answers with what it has. */
const MAX_STORE_PAGES = 20

/**
 * Pages through a list of the store that cannot filter. Each page asks for no more than is still
 * missing, so that the cursor is always behind the last row that was read.
 */
async function filterPage<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  keep: (item: T) => boolean,
  page: PageRequest,
): Promise<Page<T>> {
  const items: T[] = []
  let cursor = page.cursor
  for (let read = 0; read < MAX_STORE_PAGES; read++) {
    const found = await list({ limit: page.limit - items.length, cursor })
    items.push(...found.items.filter(keep))
    cursor = found.next
    if (cursor === undefined || items.length >= page.limit) break
  }
  return { items, next: cursor }
}
