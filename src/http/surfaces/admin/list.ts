/** How every list is declared and answered: filters and a page are asked for, a page is given. */
import type { Role } from '../../../domain/operator.ts'
import type { PageRequest } from '../../../ports/store.ts'
import type { WirePage } from '../../../protocol/admin-api.ts'
import type { PageQuery } from '../../../protocol/admin-requests.ts'
import type { Members } from '../../../settings/schema.ts'
import {
  answer,
  anyText,
  count,
  listOf,
  optional,
  orNull,
  strict,
  type Schema,
} from '../../schema.ts'
import type { Route } from '../../surface.ts'
import type { DeclareAdminRoute } from './declare.ts'
import { filter } from './inputs.ts'

const DEFAULT_LIMIT = 50

const pageMembers: Members<PageQuery> = {
  limit: optional(
    count({ description: 'How many at most', minimum: 1, maximum: 1000, default: DEFAULT_LIMIT }),
  ),
  cursor: filter('`next` of the page before'),
}

/** See `AdminForm`. */
interface ListForm<F, W> {
  readonly path: string
  readonly id: string
  readonly tag: string
  /** Default: `viewer`. */
  readonly role?: Role
  readonly summary: string
  readonly description?: string
  readonly filters: Members<F>
  readonly item: Schema<W>
}

/** @param find Called with the filters that were given. */
export function listRouteOf<F, W>(
  route: DeclareAdminRoute,
  { role = 'viewer', filters, item, ...form }: ListForm<F, W>,
  find: (wanted: F, page: PageRequest) => Promise<WirePage<NoInfer<W>>> | WirePage<NoInfer<W>>,
): Route {
  const query: Schema<PageQuery & F> = strict({ ...pageMembers, ...filters } as never)
  const schema = answer<WirePage<W>>({ items: listOf(item), next: orNull(anyText()) })
  const responses = { 200: { description: 'A page', schema } }
  return route({ ...form, method: 'GET', role, query, responses }, async (call) => {
    const { limit = DEFAULT_LIMIT, cursor, ...wanted } = call.query()
    return call.json(200, await find(wanted as F, { limit, cursor }))
  })
}
