/**
 * Receivers of every kind in every bad state: each message arrives at last, no id of a message that
 * is good once comes twice, and a receiver that is well waits for none of them.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { CompactEncrypt, decodeJwt } from 'jose'
import { crm } from '../../examples/crm-receiver.ts'
import type { Core } from '../../src/core/core.ts'
import { deliver } from '../../src/core/deliver.ts'
import type { CoreDependencies } from '../../src/core/dependencies.ts'
import { signLogoutToken } from '../../src/core/id-token.ts'
import { openKeyRing } from '../../src/core/key-ring.ts'
import type { Delivery } from '../../src/domain/delivery.ts'
import type { ClaimCommand, Receiver } from '../../src/ports/delivery.ts'
import { createBackchannelReceiver } from '../../src/receivers/backchannel.ts'
import { createExchange } from '../../src/receivers/exchange.ts'
import { createMvpdReceiver } from '../../src/receivers/mvpd/index.ts'
import { createPost } from '../../src/receivers/post.ts'
import { createProviderReceiver } from '../../src/receivers/providers/index.ts'
import { startSending, type Sending } from '../../src/server/deliveries/sending.ts'
import { silentLog, systemRandom } from '../../src/server/system.ts'
import { oweDelivery } from '../admin/deliveries.ts'
import { temporarySqlite } from '../stores/temporary.ts'
import { ManualClock } from './manual-clock.ts'
import { bodyOf, logoutResponse } from './mvpd-peers.ts'
import { SECRET } from './provider.ts'

interface Call {
  readonly request: IncomingMessage
  readonly body: string
}

/** One kind of receiver. Its server is at `/<name>`. */
interface Kind {
  readonly name: string
  /** The name that deliveries to it have. */
  readonly receiver: string
  readonly facts: Delivery['facts']
  /** Answers as one that has understood. */
  readonly takes: (call: Call, response: ServerResponse) => void
  /** What may come once only; undefined where a message has nothing of the sort. */
  readonly onceOnly?: (call: Call) => string | undefined
  /** What it answers 400 to can be mended here: credentials. */
  readonly mends400?: boolean
}

const random = systemRandom()
const viewer = { mvpd: 'x', userId: 'ann', requestor: 'REF30', revocationId: 'r', atMs: 1 }
const subject = { scope: 'subject', key: 'ann', atMs: 1 }
const key = createHash('sha256').update(SECRET).digest()
const token = await new CompactEncrypt(new TextEncoder().encode('the token'))
  .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
  .encrypt(key)

const ok = (_call: Call, response: ServerResponse): void => {
  response.writeHead(200).end()
}
/** A product's token endpoint and its API in one. */
const json = (_call: Call, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end('{"access_token":"t","token_type":"Bearer","expires_in":300}')
}
const samlId = ({ body }: Call): string => / ID="([^"]+)"/.exec(body)?.[1] ?? ''

const kinds: readonly Kind[] = [
  {
    name: 'backchannel',
    receiver: 'backchannel:shop',
    facts: { subjectId: 'ann', sid: 's' },
    takes: ok,
    onceOnly: ({ body }) => decodeJwt(new URLSearchParams(body).get('logout_token') ?? '').jti,
  },
  { name: 'webhook', receiver: 'crm:main', facts: { subject: 'ann' }, takes: ok },
  { name: 'mvpd-message', receiver: 'mvpd:mvpd-message', facts: viewer, takes: ok },
  {
    name: 'mvpd-revocation',
    receiver: 'mvpd:mvpd-revocation',
    facts: { ...viewer, claims: { token } },
    takes: ok,
  },
  {
    name: 'mvpd-saml',
    receiver: 'mvpd:mvpd-saml',
    facts: viewer,
    takes: (call, response) => {
      response.writeHead(200, { 'content-type': 'text/xml' }).end(logoutResponse(samlId(call)))
    },
    onceOnly: samlId,
  },
  {
    name: 'mvpd-rp-initiated',
    receiver: 'mvpd:mvpd-rp-initiated',
    facts: viewer,
    takes: ({ body }, response) => {
      const state = new URLSearchParams(body).get('state') ?? ''
      response.writeHead(303, { location: `https://pass.example/back?state=${state}` }).end()
    },
    onceOnly: ({ body }) => new URLSearchParams(body).get('state') ?? undefined,
  },
  ...(['keycloak', 'auth0', 'entra'] as const).map((name) => ({
    name,
    receiver: `provider:${name}`,
    facts: subject,
    takes: json,
    mends400: true,
  })),
  ...(['okta', 'zitadel'] as const).map((name) => ({
    name,
    receiver: `provider:${name}`,
    facts: subject,
    takes: json,
  })),
]

interface BadState {
  readonly name: string
  /** Undefined: it never answers. */
  readonly answer?: (response: ServerResponse) => void
  readonly said: RegExp
  /** True: the delivery is given up at once. */
  readonly isGivenUp?: boolean
  /** Over TLS with a certificate that nobody trusts, until it is well. */
  readonly isUntrusted?: boolean
}

const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, headers).end()
  }

const badStates: readonly BadState[] = [
  { name: 'hangs', said: /^no answer within 10 seconds$/ },
  { name: 'answers 500', answer: answers(500), said: /answered 500$/ },
  {
    name: 'answers 429 and says when',
    answer: answers(429, { 'retry-after': '600' }),
    said: /answered 429$/,
  },
  { name: 'answers 400', answer: answers(400), said: /answered 400$/, isGivenUp: true },
  { name: 'redirects', answer: answers(302, { location: '/elsewhere' }), said: /answered 302$/ },
  {
    name: 'closes the connection',
    answer: (response) => response.destroy(),
    said: /^it closed the connection$/,
  },
  {
    name: 'has a bad certificate',
    said: /^the connection failed \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
    isUntrusted: true,
  },
]

/** All receivers, at one address. */
class World {
  readonly calls = new Map<string, Call[]>()
  readonly taken: string[] = []
  elsewhere = 0
  isWell = false
  held = 0
  readonly #state: BadState

  constructor(state: BadState) {
    this.#state = state
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    if (path.startsWith('/elsewhere')) this.elsewhere++
    // Okta's API is at the root of its issuer's host.
    const name = path.startsWith('/api/v1/users') ? 'okta' : (path.split('/')[1] ?? '')
    const call = { request, body: await bodyOf(request) }
    this.calls.set(name, [...(this.calls.get(name) ?? []), call])
    const kind = kinds.find((one) => one.name === name)
    if (this.isWell || kind === undefined || this.#state.isUntrusted === true) {
      this.taken.push(name)
      ;(kind?.takes ?? ok)(call, response)
    } else if (this.#state.answer !== undefined) this.#state.answer(response)
    else {
      this.held++
      response.once('close', () => {
        this.held--
      })
    }
  }
}

const saml = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

/** Everyone who can be told, as an installation has them. */
async function receiversOf(
  url: string,
  clock: ManualClock,
  keys: CoreDependencies['keys'],
): Promise<readonly Receiver[]> {
  const guarded = { isListed: () => true, setting: '' }
  const exchange = createExchange(guarded)
  const nowMs = (): number => clock.nowMs()
  const post = createPost({ ...guarded, nowMs })
  const at = (name: string): { readonly url: string } => ({ url: `${url}/${name}` })
  const client = { clientId: 'us', clientSecret: 'secret' }
  const privateKey = saml.export({ type: 'pkcs8', format: 'pem' }) as string
  const mvpds = [
    { kind: 'message', ...at('mvpd-message') },
    { kind: 'revocation', ...at('mvpd-revocation'), ...client, tokenClaim: 'token' },
    { kind: 'saml', ...at('mvpd-saml'), entityId: 'us', privateKey },
    { kind: 'rp-initiated', ...at('mvpd-rp-initiated'), clientId: 'us' },
  ] as const
  const signing = { keys, clock, random, issuer: 'https://us.example' }
  return [
    createBackchannelReceiver({
      dialect: 'oauth',
      addressOf: () => Promise.resolve(at('backchannel').url),
      sign: (statement) => signLogoutToken(signing, statement),
      post,
    }),
    createMvpdReceiver({
      providers: [
        ...mvpds.map((logout) => ({ id: `mvpd-${logout.kind}`, logout, secret: SECRET })),
        { id: 'well', logout: { kind: 'message', ...at('well') }, secret: SECRET },
      ],
      dialect: 'adobe-pass',
      viewerOf: () => ({ mvpd: '', userId: '', claims: {} }),
      exchange,
      nowMs,
      newId: () => crypto.randomUUID(),
      returnUrl: 'https://pass.example/back',
    }),
    createProviderReceiver({
      issuers: [
        { kind: 'keycloak', ...client },
        { kind: 'auth0', ...client },
        { kind: 'entra', ...client, loginUrl: at('entra').url, graphUrl: at('entra').url },
        { kind: 'okta', apiToken: 'secret' },
        { kind: 'zitadel', accessToken: 'secret' },
      ].map((tell) => ({
        name: tell.kind,
        issuer: tell.kind === 'entra' ? 'https://login.example/t/v2.0' : at(tell.kind).url,
        tell: tell as Parameters<typeof createProviderReceiver>[0]['issuers'][number]['tell'],
      })),
      exchange,
      clock,
    }),
    crm.create({ clock, post }, { ...at('webhook'), key: 'secret', dialects: [] }),
  ]
}

suite('a receiver of any kind that', () => {
  for (const state of badStates) {
    test(`${state.name} is told when it is back, and nobody waits for it`, async (context) => {
      const world = new World(state)
      const { url, trust } = await serve(context, world, state.isUntrusted === true)
      const run = await start(context, world, url)
      const ids = new Map<string, string>()
      for (const { name, receiver, facts } of kinds) ids.set(name, await run.owe(receiver, facts))
      const well = await run.owe('mvpd:well', viewer)
      run.send()
      // With a certificate that nobody trusts there is nobody who is well at that address.
      if (state.isUntrusted !== true) {
        await until(async () => (await run.find(well)).state === 'delivered')
      }
      for (let tries = 0; tries < 10 && !(await run.allTried(ids.values())); tries++) {
        await run.clock.pass(4_000, 4_000)
      }
      for (const { name, mends400 = false } of kinds) {
        const { state: found, lastError } = await run.find(ids.get(name) ?? '')
        assert.match(lastError ?? '', state.said, name)
        const isGivenUp = state.isGivenUp === true && !mends400
        assert.equal(found === 'dead', isGivenUp, name)
      }
      await run.clock.pass(3_600_000, 600_000)
      assert.deepEqual(new Set(world.taken.filter((name) => name !== 'well')), new Set())
      world.isWell = true
      trust()
      // What was given up an operator has tried again.
      for (const id of ids.values()) {
        if ((await run.find(id)).state === 'dead') await run.retry(id)
      }
      for (let tries = 0; tries < 30 && !(await run.allDelivered(ids.values())); tries++) {
        await run.clock.pass(300_000, 300_000)
      }
      for (const { name, onceOnly } of kinds) {
        assert.equal((await run.find(ids.get(name) ?? '')).state, 'delivered', name)
        assert.ok(world.taken.includes(name), name)
        const once = (world.calls.get(name) ?? []).map((call) => onceOnly?.(call))
        const said = once.filter((id) => id !== undefined)
        assert.equal(new Set(said).size, said.length, `${name}: no id twice`)
        assert.equal(said.length, onceOnly === undefined ? 0 : once.length, name)
      }
      assert.equal(world.elsewhere, 0, 'redirects are not followed')
    })
  }
})

/** Waits while no simulated time passes. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 3_000, 'a receiver that is well waits for others')
    await sleep(5)
  }
}

async function serve(
  context: TestContext,
  world: World,
  isSecure: boolean,
): Promise<{ readonly url: string; readonly trust: () => void }> {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    void world.handle(request, response)
  }
  const certificate = isSecure ? selfSigned() : undefined
  const server = certificate ? createSecureServer(certificate, handle) : createServer(handle)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const scheme = isSecure ? 'https' : 'http'
  return {
    url: `${scheme}://127.0.0.1:${String(port)}`,
    trust: () => {
      if (certificate === undefined) return
      setDefaultCACertificates([...getCACertificates('default'), certificate.cert])
    },
  }
}

function selfSigned(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'outright-certificate-'))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  try {
    const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=receiver'.split(' ')
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync('openssl', [...request, ...names, '-keyout', keyFile, '-out', certFile], {
      stdio: 'ignore',
    })
    return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The part of a node that sends, on a store of its own and a clock that goes on when told. */
async function start(context: TestContext, world: World, url: string) {
  let underWay = 0
  let asking = 0
  const clock = new ManualClock(async () => {
    do await sleep(5)
    while (asking > 0 || underWay > world.held)
  })
  const database = await temporarySqlite()
  const { store } = database
  // Time must not pass between the look for what is due, its claim, and its sending.
  const counted =
    <Request extends unknown[], Result>(ask: (...request: Request) => Promise<Result>) =>
    async (...request: Request): Promise<Result> => {
      asking++
      try {
        return await ask(...request)
      } finally {
        asking--
      }
    }
  const keys = await openKeyRing({
    store,
    clock,
    random,
    algorithm: 'ES256',
    trustedMs: () => 0,
    isRemoved: () => false,
  })
  const dependencies = { store, clock, random, log: silentLog }
  const core = {
    async deliver(request: Parameters<Core['deliver']>[0]) {
      underWay++
      try {
        return await deliver(dependencies as unknown as CoreDependencies, request)
      } finally {
        underWay--
      }
    },
  } as unknown as Core
  const receivers = await receiversOf(url, clock, keys)
  let sending: Sending | undefined
  context.after(async () => {
    await sending?.close()
    await database.close()
  })
  const find = async (id: string): Promise<Delivery> => {
    const delivery = await store.findDelivery(id)
    assert.ok(delivery)
    return delivery
  }
  return {
    clock,
    find,
    owe: (receiver: string, facts: Delivery['facts']) =>
      oweDelivery(store, { receiver, facts, createdAtMs: clock.nowMs() }),
    send() {
      sending = startSending({
        core,
        dependencies: {
          ...dependencies,
          receivers,
          store: {
            ...store,
            dueReceivers: counted((nowMs: number, limit: number) =>
              store.dueReceivers(nowMs, limit),
            ),
            claimDeliveries: counted((command: ClaimCommand) => store.claimDeliveries(command)),
          },
        },
        observe: () => undefined,
      })
    },
    retry: (id: string) => store.retryDelivery(id, clock.nowMs()),
    async allTried(ids: Iterable<string>): Promise<boolean> {
      const found = await Promise.all([...ids].map(find))
      return found.every(({ lastError }) => lastError !== undefined)
    },
    async allDelivered(ids: Iterable<string>): Promise<boolean> {
      const found = await Promise.all([...ids].map(find))
      return found.every(({ state }) => state === 'delivered')
    },
  }
}
