/** `/clients`: the applications that call. Guards are clients too, and have routes of their own. */
import { defined } from '../../../domain/defined.ts'
import type { ClientChanged } from '../../../core/change-client.ts'
import type { Core } from '../../../core/core.ts'
import { GUARD_DIALECT } from '../../../core/guard-credential.ts'
import { Refusal } from '../../../domain/failure.ts'
import type { Random } from '../../../ports/random.ts'
import type { ClientFilter, ClientPatch, NewClient } from '../../../protocol/admin-requests.ts'
import type { ClientMetadataPatch } from '../../../protocol/client-metadata.ts'
import { parseRange } from '../../client-address.ts'
import { clientNumber, mintClientNumber } from '../../client-number.ts'
import type { DialectView } from '../../node-view.ts'
import type { Route } from '../../surface.ts'
import { metadataProblem, OAUTH, withMetadata } from '../../oauth-client.ts'
import { redirectUriProblem } from '../../redirect-uri.ts'
import { anything, flag, listOf, optional, strict, type Schema } from '../../schema.ts'
import { client, clientChanged } from './answers.ts'
import type { AdminContext } from './declare.ts'
import {
  attributes,
  filter,
  idText,
  isShort,
  singleLine,
  nameText,
  preferring,
  secretText,
  statusWord,
  tooLong,
} from './inputs.ts'
import { listRouteOf } from './list.ts'
import { renderPage } from './page.ts'
import { refuseBody } from './problem.ts'
import { wireClient, wireEnded } from './wire.ts'

const tag = 'Clients'
const dialectName = singleLine(32, undefined, (value) =>
  value === GUARD_DIALECT ? 'is for guards: use /outright/v1/guards' : undefined,
)
const allowlist = listOf(singleLine(64, undefined, wrongRange), { maxItems: 256 })
const redirectUris = listOf(singleLine(2048, undefined, redirectUriProblem), { maxItems: 64 })

/** Held against the schema of the metadata once it is put into what is there. */
const metadataPatch = anything as Schema<ClientMetadataPatch>

function wrongRange(value: string): string | undefined {
  try {
    parseRange(value)
    return undefined
  } catch {
    return 'must be an address or a CIDR range'
  }
}

export function clientRoutes(context: AdminContext): readonly Route[] {
  return [createRoute(context), listRoute(context), oneRoute(context), changeRoute(context)]
}

/** `POST /clients`. A secret is given, generated (and shown this once), or there is none. */
function createRoute({ core, node, random, route }: AdminContext): Route {
  return route(
    {
      method: 'POST',
      path: '/clients',
      id: 'createClient',
      tag,
      role: 'admin',
      summary: 'Add a client',
      body: strict<NewClient>({
        id: optional(idText),
        name: optional(nameText),
        dialect: dialectName,
        key: idText,
        secret: optional(secretText),
        generateSecret: optional(flag({})),
        allowlist: optional(allowlist),
        redirectUris: optional(redirectUris),
        attributes: optional(attributes),
      }),
      responses: { 201: { description: 'The client', schema: clientChanged } },
    },
    async (call) => {
      const wish = call.body()
      refuseDialect(wish, node.dialects)
      refuseTogether(wish)
      const id = wish.id ?? idOf(wish, random)
      const hasSecret = wish.secret !== undefined || wish.generateSecret === true
      refuseMetadata({
        ...wish,
        id: id ?? '',
        secretHash: hasSecret ? 'to come' : undefined,
        attributes: wish.attributes ?? {},
      })
      const added = await core.addClient({ ...wish, ...defined({ id }) })
      return call.json(
        201,
        { client: wireClient(added.client), secret: added.generated ?? null, revoked: null },
        { headers: { location: `clients/${encodeURIComponent(added.client.id)}` } },
      )
    },
  )
}

function refuseDialect({ dialect }: NewClient, dialects: readonly DialectView[]): void {
  const names = dialects.filter(({ ofClients }) => ofClients).map(({ name }) => name)
  if (names.includes(dialect)) return
  refuseBody({ dialect: `must be one of ${names.toSorted().join(', ')}` })
}

function refuseTogether(wish: NewClient): void {
  const { id, secret, generateSecret = false } = wish
  if (generateSecret && secret !== undefined) {
    refuseBody({ generateSecret: 'cannot be true where a secret is given' })
  }
  if (id !== undefined && hasNumber(wish) && clientNumber(id) === undefined) {
    refuseBody({ id: 'must be an integer with this dialect' })
  }
}

/** Where a dialect has ids of its own form. A client of OAuth is known by its key, everywhere. */
function idOf(wish: NewClient, random: Random): string | undefined {
  if (wish.dialect === OAUTH) return wish.key
  return hasNumber(wish) ? mintClientNumber(random) : undefined
}

/** A registration that is not understood is refused, and not taken for less. */
function refuseMetadata(client: Parameters<typeof metadataProblem>[0]): void {
  const wrong = metadataProblem(client)
  if (wrong !== undefined) refuseBody(wrong)
}

/** Octopus's wire has integers for client ids: a client with another id could never log in. */
function hasNumber({ dialect }: NewClient): boolean {
  return dialect === 'octopus'
}

function listRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/clients',
      id: 'listClients',
      tag,
      summary: 'Clients, without guards',
      filters: { dialect: filter('Only of this dialect') },
      item: client,
    },
    async (wanted: ClientFilter, page) =>
      renderPage(await core.listClients(wanted, page), wireClient),
  )
}

function oneRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/clients/:id',
      id: 'getClient',
      tag,
      role: 'viewer',
      summary: 'One client',
      responses: { 200: { description: 'The client', schema: client } },
    },
    async (call) => call.json(200, wireClient(await core.findClient(call.param('id')))),
  )
}

/** How often a change of metadata begins again when others change the same client meanwhile. */
const MAX_ROUNDS = 8

/**
 * Members of the metadata are put into what is there, and that is written only where it is still
 * there: of two operators at once, neither drops what the other has changed.
 */
async function change(
  core: Core,
  id: string,
  { oauth, ...patch }: ClientPatch,
  by: Parameters<Core['changeClient']>[2],
): Promise<ClientChanged> {
  if (oauth !== undefined && patch.attributes !== undefined) {
    refuseBody({ oauth: 'cannot be given together with attributes, which hold it' })
  }
  for (let round = 1; ; round++) {
    const found = await core.findClient(id)
    if (oauth !== undefined && found.dialect !== OAUTH) {
      refuseBody({ oauth: 'is for clients of OAuth' })
    }
    const { attributes = found.attributes, redirectUris = found.redirectUris } = {
      ...patch,
      ...(oauth === undefined ? {} : { attributes: withMetadata(found.attributes, oauth) }),
    }
    // As the client will be: with a secret, where it is given one now.
    const secretHash = patch.rotateSecret === true ? 'to be made' : found.secretHash
    refuseMetadata({ ...found, attributes, redirectUris, secretHash })
    if (oauth === undefined) return core.changeClient(found.id, patch, by)
    if (!isShort(attributes)) refuseBody({ oauth: tooLong })
    try {
      const merged = { ...patch, attributes, attributesBefore: found.attributes }
      return await core.changeClient(found.id, merged, by)
    } catch (error) {
      const isOvertaken = error instanceof Refusal && error.failure.kind === 'conflict'
      if (!isOvertaken || round === MAX_ROUNDS) throw error
    }
  }
}

/** `PATCH /clients/{id}`: only what is given changes. */
function changeRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'PATCH',
      path: '/clients/:id',
      id: 'updateClient',
      tag,
      role: 'admin',
      summary: 'Change a client, or give it a new secret',
      description:
        '`oauth` changes members of the OAuth metadata: null removes one, the others stay. `status: disabled` ends every session of the client and refuses new ones. `rotateSecret` answers with a new secret, shown this once; sessions go on unless `endSessions` is true.',
      headers: preferring,
      body: strict<ClientPatch>({
        name: optional(nameText),
        allowlist: optional(allowlist),
        redirectUris: optional(redirectUris),
        status: optional(statusWord),
        rotateSecret: optional(flag({})),
        endSessions: optional(flag({})),
        attributes: optional(attributes),
        oauth: optional(metadataPatch),
      }),
      responses: { 200: { description: 'The client as changed', schema: clientChanged } },
    },
    async (call, { actor }) => {
      const by = { actor, wait: call.request.waitForConfirmation }
      const changed = await change(core, call.param('id'), call.body(), by)
      const { client: now, generated = null, revoked } = changed
      return call.json(
        200,
        { client: wireClient(now), secret: generated, revoked: wireEnded(revoked) },
        defined({ receipt: revoked?.receipt }),
      )
    },
  )
}
