/** Why a server cannot be reached, in the words that a guard's log and `ready` have for it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { createGuard } from '../../src/guard/index.ts'
import { freePort } from '../../src/testing/free-port.ts'
import { startTestServer } from '../harness.ts'

const closing: (() => unknown)[] = []
after(async () => {
  for (const close of closing) await close()
})

async function listening(server: Server): Promise<number> {
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function answering(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(listener))}`
}

/** The same words by both ways. */
async function why(server: string): Promise<string> {
  const reasons: unknown[] = []
  const ignore = (): void => undefined
  const { promise: isKnown, resolve: known } = Promise.withResolvers<void>()
  const warn = ({ reason }: Readonly<Record<string, unknown>>): void => {
    if (reason === undefined) return
    reasons.push(reason)
    known()
  }
  const guard = createGuard({
    server,
    credential: 'secret',
    log: { info: ignore, error: ignore, warn },
  })
  guard.ready().catch(ignore)
  await isKnown
  try {
    await guard.ready({ timeoutMs: 1 })
  } catch (error) {
    const { message } = error as Error
    const words = message.replace('Cannot get ready within 1 ms: ', '')
    assert.equal(reasons.at(-1), words)
    assert.doesNotMatch(words, /secret/)
    return words
  } finally {
    guard.close()
  }
  return assert.fail('it is ready')
}

suite('a server that cannot be reached', () => {
  test('where nothing listens', async () => {
    const server = `http://127.0.0.1:${await freePort()}`
    assert.equal(await why(server), `nothing listens at ${server} (ECONNREFUSED)`)
  })

  test('where the certificate is not signed by a trusted authority', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'outright-certificate-'))
    closing.push(() => rm(folder, { recursive: true, force: true }))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
    ]
    execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    })
    const secure = createSecureServer({ key: await readFile(key), cert: await readFile(cert) })
    const port = await listening(secure)
    const words = await why(`https://127.0.0.1:${port}`)
    assert.match(
      words,
      /^the certificate of 127\.0\.0\.1:\d+ is not signed by an authority that this runtime trusts/,
    )
    assert.match(words, /NODE_EXTRA_CA_CERTS/)
  })

  test('where it speaks no TLS', async () => {
    const server = await answering((_request, response) => response.end())
    assert.match(
      await why(server.replace('http', 'https')),
      /does not speak TLS: is it an http URL\?/,
    )
  })

  test('where its path prefix is missing', async () => {
    const outright = await startTestServer({ oneNode: true })
    closing.push(() => outright.close())
    const words = await why(`${outright.url}/elsewhere`)
    assert.match(
      words,
      /\/elsewhere\/outright\/v1\/feed answers 404: "server" may lack a path prefix/,
    )
  })

  for (const [status, words] of [
    [200, /answers 200, as no Outright does/],
    [302, /answers 302: "server" has moved/],
    [401, /answers 401: something before the server asks for credentials of its own/],
    [426, /answers 426, but no WebSocket gets through\..*HTTPS_PROXY.*NODE_USE_ENV_PROXY/],
    [502, /answers 502: a proxy cannot reach the server/],
  ] as const) {
    test(`where something answers ${status}`, async () => {
      const server = await answering((_request, response) => {
        response.writeHead(status, { location: '/' }).end('x')
      })
      assert.match(await why(server), words)
    })
  }

  test('where the name is not known', async () => {
    assert.match(
      await why('http://nowhere.invalid'),
      /the name of nowhere\.invalid cannot be resolved/,
    )
  })
})
