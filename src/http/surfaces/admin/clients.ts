/** `/clients`: the applications that call. Guards are clients too, and have routes of their own. */
import { GUARD_DIALECT } from '../../../core/guard-credential.ts'
import { MAX_PASSWORD_LENGTH } from '../../../core/password.ts'
import { mintId } from '../../../core/mint-id.ts'
import { refuse } from '../../../domain/failure.ts'
import type { Client } from '../../../domain/identity.ts'
import type { Reason } from '../../../domain/revocation.ts'
import { clientNumber, mintClientNumber } from '../../client-number.ts'
import type { DialectRequest } from '../../dialect.ts'
import { metadataProblem, OAUTH } from '../../oauth-client.ts'
import {
  idRule,
  nameRule,
  rangeRule,
  readBody,
  readQuery,
  redirectRule,
  type TextRule,
} from './fields.ts'
import { filterPage, pageParameters, readPage, renderPage } from './page.ts'
import { json, pageQuery, type AdminRoute } from './route.ts'
import { bodyOf, bodySchemas, clientChangedSchema, clientSchema, pageOf } from './schemas.ts'
import { generateSecret } from './secret.ts'
import type { DialectContext } from '../../context.ts'
import { readAttributes } from './subjects.ts'
import { wireClient, wireRevoked } from './wire.ts'

const { text, flag, texts, anything, status } = bodySchemas
const dialectRule: TextRule = {
  longest: 32,
  shape(value) {
    if (value === GUARD_DIALECT) return 'is for guards: use /outright/v1/guards'
    return /^[a-z][a-z0-9-]*$/.test(value) ? undefined : 'must be the name of a dialect'
  },
}
const secretRule: TextRule = { longest: MAX_PASSWORD_LENGTH }

export function clientRoutes(context: DialectContext): readonly AdminRoute[] {
  return [createRoute(context), listRoute(context), oneRoute(context), changeRoute(context)]
}

/** `POST /clients`. A secret is given, generated (and shown this once), or there is none. */
function createRoute({ core, clock, random }: DialectContext): AdminRoute {
  return {
    method: 'POST',
    path: '/clients',
    operation: {
      id: 'createClient',
      tag: 'Clients',
      summary: 'Add a client',
      body: bodyOf(
        {
          id: text,
          name: text,
          dialect: text,
          key: text,
          secret: text,
          generateSecret: flag,
          allowlist: texts,
          redirectUris: texts,
          attributes: anything,
        },
        ['dialect', 'key'],
      ),
      answers: { 201: { description: 'The client', schema: clientChangedSchema } },
    },
    async act(request) {
      const wish = readNewClient(request)
      const nowMs = clock.nowMs()
      const generated = wish.generate ? generateSecret(random) : undefined
      const secret = generated ?? wish.secret
      const client: Client = {
        id: wish.id ?? mintClientId(wish, random, nowMs),
        name: wish.name ?? wish.key,
        dialect: wish.dialect,
        key: wish.key,
        secretHash: secret === undefined ? undefined : await core.hashSecret(secret),
        allowlist: wish.allowlist ?? [],
        redirectUris: wish.redirectUris ?? [],
        status: 'active',
        createdAtMs: nowMs,
        attributes: wish.attributes ?? {},
      }
      refuseProblem(client)
      await core.clients.create(client)
      return json(
        201,
        { client: wireClient(client), secret: generated ?? null, revoked: null },
        { headers: { location: `clients/${encodeURIComponent(client.id)}` } },
      )
    },
  }
}

function readNewClient(request: DialectRequest) {
  return readBody(request, (fields) => {
    const secret = fields.text('secret', secretRule)
    const generate = fields.flag('generateSecret')
    if (generate && fields.has('secret')) {
      fields.complain('generateSecret', 'cannot be true where a secret is given')
    }
    const id = fields.text('id', idRule)
    const dialect = fields.requiredText('dialect', dialectRule)
    if (id !== undefined && hasNumber({ dialect }) && clientNumber(id) === undefined) {
      fields.complain('id', 'must be an integer with this dialect')
    }
    return {
      id,
      name: fields.text('name', nameRule),
      dialect,
      key: fields.requiredText('key', idRule),
      secret,
      generate,
      allowlist: fields.texts('allowlist', rangeRule),
      redirectUris: fields.texts('redirectUris', redirectRule),
      attributes: readAttributes(fields),
    }
  })
}

/** A client of OAuth is known by its key, everywhere. */
function mintClientId(
  { dialect, key }: Pick<Client, 'dialect' | 'key'>,
  random: DialectContext['random'],
  nowMs: number,
): string {
  if (dialect === OAUTH) return key
  return hasNumber({ dialect }) ? mintClientNumber(random) : mintId(random, nowMs)
}

/** A registration that is not understood is refused, and not taken for less. */
function refuseProblem(client: Client): void {
  const reason = metadataProblem(client)
  if (reason !== undefined) refuse({ kind: 'invalid_parameter', parameter: 'attributes', reason })
}

/** Octopus's wire has integers for client ids: a client with another id could never log in. */
function hasNumber({ dialect }: Pick<Client, 'dialect'>): boolean {
  return dialect === 'octopus'
}

function listRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/clients',
    operation: {
      id: 'listClients',
      tag: 'Clients',
      summary: 'Clients, without guards',
      query: { ...pageQuery, dialect: 'Only of this dialect' },
      answers: { 200: { description: 'A page', schema: pageOf(clientSchema) } },
    },
    async act(request) {
      const query = readQuery(request, [...pageParameters, 'dialect'])
      const page = await filterPage(
        (next) => core.clients.list(next),
        ({ dialect }) => dialect !== GUARD_DIALECT && dialect === (query.dialect ?? dialect),
        readPage(query),
      )
      return json(200, renderPage(page, wireClient))
    },
  }
}

function oneRoute(context: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/clients/:id',
    operation: {
      id: 'getClient',
      tag: 'Clients',
      summary: 'One client',
      answers: { 200: { description: 'The client', schema: clientSchema } },
    },
    async act(request) {
      readQuery(request, [])
      return json(200, wireClient(await findClient(context, request)))
    },
  }
}

async function findClient({ core }: DialectContext, request: DialectRequest): Promise<Client> {
  const value = request.params['id'] ?? ''
  const client = await core.clients.find({ by: 'id', value })
  // A guard has its own routes: here its secret would be replaced by one of another kind.
  if (client === undefined || client.dialect === GUARD_DIALECT) return refuse({ kind: 'not_found' })
  return client
}

/**
 * `PATCH /clients/{id}`: only what is given changes. As with subjects, the change is stored before
 * what it ends is ended, and both can be repeated.
 */
function changeRoute(context: DialectContext): AdminRoute {
  const { core, random } = context
  return {
    method: 'PATCH',
    path: '/clients/:id',
    operation: {
      id: 'updateClient',
      tag: 'Clients',
      summary: 'Change a client, or give it a new secret',
      description:
        '`status: disabled` ends every session of the client and refuses new ones. `rotateSecret` answers with a new secret, shown this once; sessions go on unless `endSessions` is true.',
      body: bodyOf({
        name: text,
        allowlist: texts,
        redirectUris: texts,
        status,
        rotateSecret: flag,
        endSessions: flag,
        attributes: anything,
      }),
      answers: { 200: { description: 'The client as changed', schema: clientChangedSchema } },
    },
    async act(request, actor) {
      const wish = readChange(request)
      const found = await findClient(context, request)
      const { id } = found
      refuseProblem({ ...found, attributes: wish.attributes ?? found.attributes })
      const generated = wish.rotateSecret ? generateSecret(random) : undefined
      const client = await core.clients.update(id, {
        ...(wish.name === undefined ? {} : { name: wish.name }),
        ...(wish.allowlist === undefined ? {} : { allowlist: wish.allowlist }),
        ...(wish.redirectUris === undefined ? {} : { redirectUris: wish.redirectUris }),
        ...(wish.status === undefined ? {} : { status: wish.status }),
        ...(wish.attributes === undefined ? {} : { attributes: wish.attributes }),
        ...(generated === undefined ? {} : { secretHash: await core.hashSecret(generated) }),
      })
      const reason = reasonToEnd(wish.status, wish.endSessions)
      const wait = request.waitForConfirmation
      const revoked =
        reason && (await core.revoke({ scope: 'client', key: id, reason, actor, wait }))
      return json(
        200,
        {
          client: wireClient(client),
          secret: generated ?? null,
          revoked: revoked === undefined ? null : wireRevoked(revoked),
        },
        revoked === undefined ? {} : { receipt: revoked.receipt },
      )
    },
  }
}

function readChange(request: DialectRequest) {
  return readBody(request, (fields) => ({
    name: fields.text('name', nameRule),
    allowlist: fields.texts('allowlist', rangeRule),
    redirectUris: fields.texts('redirectUris', redirectRule),
    status: fields.choice('status', ['active', 'disabled']),
    rotateSecret: fields.flag('rotateSecret'),
    endSessions: fields.flag('endSessions'),
    attributes: readAttributes(fields),
  }))
}

function reasonToEnd(
  status: Client['status'] | undefined,
  endSessions: boolean,
): Reason | undefined {
  if (status === 'disabled') return 'client_disabled'
  return endSessions ? 'revoked_by_operator' : undefined
}
