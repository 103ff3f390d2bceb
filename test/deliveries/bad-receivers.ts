/** What can be wrong with a receiver, and one server for receivers of every kind. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { kinds, ok, type Call } from './every-receiver.ts'
import { bodyOf } from './mvpd-peers.ts'

export interface BadState {
  readonly name: string
  /** Undefined: it never answers. */
  readonly answer?: (response: ServerResponse) => void
  readonly said: RegExp
  /** True: the delivery is given up at once. */
  readonly isGivenUp?: boolean
  /** Over TLS with a certificate that is not trusted, until it is well. */
  readonly isUntrusted?: boolean
}

const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, headers).end()
  }

export const badStates: readonly BadState[] = [
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
export class World {
  readonly calls: Map<string, Call[]> = new Map()
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

export async function serve(
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
