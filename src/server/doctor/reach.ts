/** The way to the server from outside: its public URL, the proxies before it, and its feed. */
import { networkInterfaces } from 'node:os'
import { WebSocket } from 'ws'
import { normalizeAddress, PROBE_ADDRESS } from '../../http/client-address.ts'
import { closeCodes, feedPath, feedSubprotocolOf, feedVersions } from '../../protocol/feed.ts'
import { DEMO_ADMIN_TOKEN } from '../../http/surfaces/admin/index.ts'
import { DEMO_GUARD_CREDENTIAL } from '../../http/surfaces/feed/index.ts'
import { examineDeliveries } from './deliveries.ts'
import { fail, ok, reasonOf, warn, type Finding } from './finding.ts'

export interface ReachOptions {
  /** Where the server is asked, without a slash at the end. */
  readonly server: string
  /** The public URL by its configuration, where that is known. */
  readonly issuer: string | undefined
  /** Ids of the keys in the database, where it could be read. */
  readonly keyIds: readonly string[] | undefined
  readonly adminToken: string | undefined
  readonly guardCredential: string | undefined
}

/** How long any one question may take, milliseconds. */
const PATIENCE_MS = 5000

/** Every check over the network. Changes nothing on the server. */
export async function* examineReach(options: ReachOptions): AsyncGenerator<Finding> {
  const { server, issuer, adminToken, guardCredential } = options
  const keys = await readKeyIds(server)
  yield judgeKeys('server.jwks', server, keys)
  if (keys instanceof Error) return
  yield await examineReady(server)
  if (issuer !== undefined) {
    yield judgeIssuer(issuer, await readKeyIds(issuer), options.keyIds ?? keys)
  }
  yield await examineDemoTokens(server)
  if (adminToken !== undefined) {
    yield await examineIgnored(server, adminToken)
    yield await examineForwarded(server, adminToken)
    yield await examineDeliveries((path) =>
      ask(server + path, { authorization: `Bearer ${adminToken}` }),
    )
  }
  yield await examineFeed(server, guardCredential)
}

async function readKeyIds(base: string): Promise<readonly string[] | Error> {
  try {
    const response = await ask(`${base}/.well-known/jwks.json`)
    if (!response.ok) return new Error(`it answers ${String(response.status)}`)
    const { keys } = (await response.json()) as { readonly keys: readonly { kid: string }[] }
    return keys.map(({ kid }) => kid)
  } catch (error) {
    return new Error(reasonOf(error), { cause: error })
  }
}

function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) })
}

function judgeKeys(check: string, base: string, keys: readonly string[] | Error): Finding {
  if (keys instanceof Error) {
    return fail(
      check,
      `no key set at ${base}/.well-known/jwks.json: ${keys.message}`,
      'start the server, or let the proxy pass this path on',
    )
  }
  if (keys.length === 0) return fail(check, 'the key set is empty', 'restart the server')
  return ok(check, `keys: ${String(keys.length)}`)
}

async function examineReady(server: string): Promise<Finding> {
  const check = 'server.ready'
  try {
    const { status } = await ask(`${server}/readyz`)
    if (status === 200) return ok(check, 'it can commit and knows every revocation')
    return fail(check, `/readyz answers ${String(status)}`, "look at the disk and the server's log")
  } catch (error) {
    return fail(check, `/readyz: ${reasonOf(error)}`, "look at the server's log")
  }
}

function judgeIssuer(
  issuer: string,
  there: readonly string[] | Error,
  here: readonly string[],
): Finding {
  const check = 'server.issuer'
  if (there instanceof Error) {
    return fail(
      check,
      `the public URL ${issuer} does not lead to a server: ${there.message}`,
      'set issuer to the URL that callers use, or correct the proxy',
    )
  }
  if (there.some((kid) => here.includes(kid))) return ok(check, `${issuer} leads to this server`)
  return fail(
    check,
    `${issuer} leads to another server, whose keys are not these`,
    'set issuer to the URL of this server, or correct the proxy',
  )
}

const demoTokens = [
  { name: 'admin token', path: '/outright/v1/keys', token: DEMO_ADMIN_TOKEN },
  { name: 'guard credential', path: '/outright/v1/log', token: DEMO_GUARD_CREDENTIAL },
] as const

/**
 * Asks with a token that is public. A refusal counts as one wrong token, of which 30 a minute are
 * free.
 */
async function examineDemoTokens(server: string): Promise<Finding> {
  const check = 'server.demo-credentials'
  const taken: string[] = []
  try {
    for (const { name, path, token } of demoTokens) {
      const { status } = await ask(server + path, { authorization: `Bearer ${token}` })
      if (status === 200) taken.push(name)
    }
  } catch (error) {
    return warn(check, `it cannot be asked: ${reasonOf(error)}`, 'run the doctor again')
  }
  if (taken.length === 0) return ok(check, 'they are refused')
  return fail(
    check,
    `accepted from the demo: ${taken.join(' and ')}`,
    'start without --demo, on an empty data folder or database, with an admin token of your own',
  )
}

async function examineForwarded(server: string, adminToken: string): Promise<Finding> {
  const check = 'server.forwarded-for'
  try {
    const plain = await callerAddress(server, adminToken, {})
    const claimed = await callerAddress(server, adminToken, { 'x-forwarded-for': PROBE_ADDRESS })
    return judgeForwarded(plain, claimed, ownAddresses())
  } catch (error) {
    return warn(check, `it cannot be asked: ${reasonOf(error)}`, 'check the admin token')
  }
}

async function callerAddress(
  server: string,
  adminToken: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  return (await askCaller(server, adminToken, headers)).address
}

interface Caller {
  readonly address: string
  readonly ignoredFrom: string | null
  readonly ignored: number
  readonly unreadable: number
}

async function askCaller(
  server: string,
  adminToken: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Caller> {
  const authorization = `Bearer ${adminToken}`
  const response = await ask(`${server}/outright/v1/caller`, { ...headers, authorization })
  if (!response.ok) throw new Error(`/outright/v1/caller answers ${String(response.status)}`)
  return (await response.json()) as Caller
}

/** Whether callers' addresses got lost on the way through proxies since the server started. */
async function examineIgnored(server: string, adminToken: string): Promise<Finding> {
  const check = 'server.trusted-proxies'
  try {
    return judgeIgnored(await askCaller(server, adminToken))
  } catch (error) {
    return warn(check, `it cannot be asked: ${reasonOf(error)}`, 'check the admin token')
  }
}

export function judgeIgnored({
  ignoredFrom,
  ignored,
  unreadable,
}: Omit<Caller, 'address'>): Finding {
  const check = 'server.trusted-proxies'
  if (ignoredFrom !== null) {
    return warn(
      check,
      `${String(ignored)} times a request named its caller and was not believed, first from ${ignoredFrom}`,
      'if that is your proxy, list it in trustedProxies: all callers behind it share its rate limits',
    )
  }
  if (unreadable > 0) {
    return warn(
      check,
      `${String(unreadable)} times a trusted proxy named the caller by a value that is not an address`,
      'let the proxy write IP addresses into X-Forwarded-For',
    )
  }
  return ok(check, 'no request named its caller without being believed')
}

/**
 * @param plain What the server takes this machine's address to be.
 * @param claimed The same where the request claims in `X-Forwarded-For` to come from
 *   {@link PROBE_ADDRESS}.
 * @param own Addresses of this machine.
 */
export function judgeForwarded(plain: string, claimed: string, own: readonly string[]): Finding {
  const check = 'server.forwarded-for'
  if (claimed !== PROBE_ADDRESS) {
    if (claimed === plain)
      return ok(check, `callers have the address ${plain}, whatever they claim`)
    return warn(check, `${plain} becomes ${claimed} by a claim`, 'compare with trustedProxies')
  }
  if (own.includes(plain)) {
    return warn(
      check,
      `${plain} is a trusted proxy, and this machine: it may claim any address`,
      'fine where the proxy runs here; ask its public URL from another machine to be sure',
    )
  }
  return fail(
    check,
    `a caller chooses the address by X-Forwarded-For: ${PROBE_ADDRESS} was believed`,
    'trust the addresses of your proxies alone, and let the proxy set or append to the header',
  )
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => normalizeAddress(address) ?? address),
  )
}

/** Without a credential the server lets the upgrade through and closes at once, with its own code. */
async function examineFeed(server: string, credential: string | undefined): Promise<Finding> {
  const check = 'server.feed'
  const outcome = await knock(server + feedPath, credential)
  if (outcome.kind === 'open') return ok(check, 'a guard is let in, over a WebSocket')
  const advice = 'let the proxy pass WebSocket upgrades on (docs/operating.md)'
  if (outcome.kind === 'failed') {
    return fail(check, `no WebSocket reaches the server: ${outcome.reason}`, advice)
  }
  if (outcome.code !== closeCodes.credentialRefused) {
    return fail(check, `the connection was closed with code ${String(outcome.code)}`, advice)
  }
  if (credential === undefined) return ok(check, 'a WebSocket reaches the server')
  return fail(check, 'the guard credential is refused', 'make one: outright guard add <name>')
}

type Knock =
  | { readonly kind: 'open' }
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'failed'; readonly reason: string }

/** A credential that is not known is answered by a close frame as soon as it was looked up. */
const VERDICT_MS = 1000

/** Says nothing after the upgrade, so that no lease is granted that a logout would wait for. */
function knock(url: string, credential: string | undefined): Promise<Knock> {
  const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` }
  const socket = new WebSocket(url.replace(/^http/, 'ws'), feedVersions.map(feedSubprotocolOf), {
    headers,
    handshakeTimeout: PATIENCE_MS,
    perMessageDeflate: false,
  })
  let timer: NodeJS.Timeout | undefined
  return new Promise((resolve) => {
    const settle = (outcome: Knock): void => {
      clearTimeout(timer)
      resolve(outcome)
      socket.terminate()
    }
    socket.on('open', () => {
      const silent: Knock = {
        kind: 'failed',
        reason: 'the port is taken, and what holds it does not answer',
      }
      timer = setTimeout(() => {
        settle(credential === undefined ? silent : { kind: 'open' })
      }, VERDICT_MS)
    })
    socket.on('close', (code) => {
      settle({ kind: 'closed', code })
    })
    socket.on('error', (error) => {
      settle({ kind: 'failed', reason: error.message })
    })
  })
}
